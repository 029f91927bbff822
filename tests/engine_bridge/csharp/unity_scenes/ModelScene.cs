using System.Collections.Generic;
using System.Reflection;
using SpaceRuntime;
using UnityEngine;

namespace SpaceTests
{
    /// <summary>A character whose head is built from a file.</summary>
    public sealed class ModelScene
    {
        public readonly GameObject Character = new GameObject("npc");
        public readonly SpaceHeadModel Model;
        public SpaceFace Face;
        public SpaceHead Head;

        public ModelScene(byte[] file, bool withComponents)
        {
            Character.SetActive(false);
            Model = Character.AddComponent<SpaceHeadModel>();
            Put("opaque", new Material("_Color", "_Smoothness", "_Cull"));
            Put("transparent", new Material("_Color", "_Smoothness", "_Cull", "_Cutoff"));
            if (file != null) Model.Model = new TextAsset { name = "npc.glb", Data = file };
            if (withComponents) Face = Character.AddComponent<SpaceFace>();
            if (withComponents) Head = Character.AddComponent<SpaceHead>();
            Character.SetActive(true);
        }

        public static int ObjectsAlive => Loop.All.Count;

        public static int ResourcesAlive => Mesh.Made.FindAll(each => each).Count + Material.Made.FindAll(each => each).Count
            + Texture2D.Alive;

        public static void EditMode(bool on) => Loop.IsPlaying = !on;

        public static void EditorTick() => UnityEditor.EditorApplication.Tick(0.1);

        public static TextAsset File(byte[] data) => new TextAsset { name = "other.glb", Data = data };

        /// <summary>Chooses "Save as Prefab"; returns the paths of what was written, and forgets it.</summary>
        public string[] SavedAsPrefab()
        {
            UnityEditor.AssetDatabase.Assets.Clear();
            UnityEditor.PrefabUtility.Saved.Clear();
            typeof(SaveHeadModel).GetMethod("Save", BindingFlags.Static | BindingFlags.NonPublic)
                .Invoke(null, new object[] { new UnityEditor.MenuCommand(Model) });
            var paths = new List<string>(UnityEditor.PrefabUtility.Saved);
            foreach (KeyValuePair<string, Object> each in UnityEditor.AssetDatabase.Assets) paths.Add(each.Key);
            paths.Add($"{UnityEditor.AssetDatabase.Beside.Count} beside");
            foreach (Object each in UnityEditor.AssetDatabase.Assets.Values) Object.DestroyImmediate(each);
            foreach (Object each in UnityEditor.AssetDatabase.Beside) Object.DestroyImmediate(each);
            UnityEditor.AssetDatabase.Assets.Clear();
            UnityEditor.AssetDatabase.Beside.Clear();
            UnityEditor.PrefabUtility.Saved.Clear();
            return paths.ToArray();
        }

        public static void DestroyCopy(GameObject root)
        {
            foreach (SkinnedMeshRenderer each in root.GetComponentsInChildren<SkinnedMeshRenderer>(true))
            {
                Object.DestroyImmediate(each.sharedMesh);
                foreach (Material material in each.sharedMaterials) Object.DestroyImmediate(material.mainTexture);
                foreach (Material material in each.sharedMaterials) Object.DestroyImmediate(material);
            }
            Object.DestroyImmediate(root);
        }

        public static string[] FlagsOf(GameObject root)
        {
            var found = new HashSet<string>();
            foreach (Transform each in root.GetComponentsInChildren<Transform>(true))
                found.Add(each.gameObject.hideFlags.ToString());
            foreach (SkinnedMeshRenderer each in root.GetComponentsInChildren<SkinnedMeshRenderer>(true))
            {
                found.Add(each.sharedMesh.hideFlags.ToString());
                foreach (Material material in each.sharedMaterials) found.Add(material.hideFlags.ToString());
            }
            return new List<string>(found).ToArray();
        }

        public Transform Node(string name)
        {
            foreach (Transform each in Model.Built.GetComponentsInChildren<Transform>(true))
                if (each.name == name) return each;
            return null;
        }

        public SkinnedMeshRenderer Renderer(string name) => Node(name).gameObject.GetComponent<SkinnedMeshRenderer>();

        public static double[] Flat(Vector3[] values)
        {
            var found = new double[values.Length * 3];
            for (int i = 0; i < values.Length; i++)
            {
                found[3 * i] = values[i].x;
                found[3 * i + 1] = values[i].y;
                found[3 * i + 2] = values[i].z;
            }
            return found;
        }

        public static double[] Flat(Vector2[] values) =>
            Flat(System.Array.ConvertAll(values, each => new Vector3(each.x, each.y, 0)));

        public static double[] Moves(Mesh mesh, int shape) => Flat(mesh.Moves[shape]);

        public static int[] Part(Mesh mesh, int part) => mesh.Parts[part];

        /// <summary>Translation, rotation and scale of a node in its parent, ten numbers.</summary>
        public static double[] Local(Transform node)
        {
            Vector3 at = node.localPosition, scale = node.localScale;
            Quaternion turned = node.localRotation;
            return new double[] { at.x, at.y, at.z, turned.x, turned.y, turned.z, turned.w, scale.x, scale.y, scale.z };
        }

        public static double[] BindPose(Mesh mesh, int bone)
        {
            var found = new double[16];
            for (int i = 0; i < 16; i++) found[i] = mesh.bindposes[bone][i / 4, i % 4];
            return found;
        }

        public static double[] Box(Mesh mesh)
        {
            Vector3 low = mesh.bounds.min, high = mesh.bounds.max;
            return new double[] { low.x, low.y, low.z, high.x, high.y, high.z };
        }

        public static object Value(Material material, string name) =>
            material.Values.TryGetValue(name, out object found) ? found : null;

        /// <summary>A field that the inspector would set.</summary>
        private void Put(string name, object value) => typeof(SpaceHeadModel)
            .GetField(name, BindingFlags.Instance | BindingFlags.NonPublic).SetValue(Model, value);
    }
}
