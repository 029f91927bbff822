using System.Collections.Generic;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>Makes objects of a model that was read: a hierarchy of bones, with renderers where it has meshes.</summary>
    internal sealed class ModelBuilder
    {
        private readonly GlbModel model;
        private readonly ModelMaterials materials;
        private readonly HideFlags flags;
        private readonly Mesh[] meshes;

        private ModelBuilder(GlbModel model, Material opaque, Material transparent, HideFlags flags, List<Object> made)
        {
            this.model = model;
            this.flags = flags;
            materials = new ModelMaterials(model, opaque, transparent, flags, made);
            meshes = System.Array.ConvertAll(model.Meshes, each => ModelMeshes.Made(each, flags));
            made.AddRange(meshes);
        }

        /// <summary>
        /// Makes the objects below a new one. Everything has the flags: the objects, and the meshes, materials and textures,
        /// which are added to <paramref name="made"/>.
        /// </summary>
        public static GameObject Build(
            GlbModel model, string name, Material opaque, Material transparent, HideFlags flags, List<Object> made)
        {
            var builder = new ModelBuilder(model, opaque, transparent, flags, made);
            var root = new GameObject(name) { hideFlags = flags };
            var nodes = new Transform[model.Nodes.Length];
            for (int i = 0; i < nodes.Length; i++)
            {
                int parent = model.Nodes[i].Parent;
                nodes[i] = builder.Node(model.Nodes[i], parent < 0 ? root.transform : nodes[parent]);
            }
            for (int i = 0; i < nodes.Length; i++)
                if (model.Nodes[i].Mesh >= 0) builder.Render(nodes[i].gameObject, model.Nodes[i], nodes);
            return root;
        }

        private Transform Node(ModelNode node, Transform parent)
        {
            Transform made = new GameObject(node.Name) { hideFlags = flags }.transform;
            made.SetParent(parent, false);
            made.localPosition = SpaceAxes.Position(node.Translation[0], node.Translation[1], node.Translation[2]);
            made.localRotation = SpaceAxes.Rotation(node.Rotation[0], node.Rotation[1], node.Rotation[2], node.Rotation[3]);
            made.localScale = new Vector3(node.Scale[0], node.Scale[1], node.Scale[2]);
            return made;
        }

        private void Render(GameObject on, ModelNode node, Transform[] nodes)
        {
            var renderer = on.AddComponent<SkinnedMeshRenderer>();
            renderer.sharedMesh = meshes[node.Mesh];
            renderer.sharedMaterials = materials.Of(model.Meshes[node.Mesh].Parts);
            if (node.Skin < 0) return;
            ModelSkin skin = model.Skins[node.Skin];
            renderer.sharedMesh.bindposes = ModelMeshes.BindPoses(skin);
            renderer.bones = System.Array.ConvertAll(skin.Bones, bone => nodes[bone]);
            renderer.rootBone = skin.Bones.Length > 0 ? nodes[skin.Bones[0]] : null;
            renderer.updateWhenOffscreen = true;
        }
    }
}
