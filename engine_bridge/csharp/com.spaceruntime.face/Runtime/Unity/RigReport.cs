using System.Collections.Generic;
using System.Text;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>Says what was matched: shapes of each mesh, ARKit shapes that drive nothing, shapes that nobody drives.</summary>
    internal static class RigReport
    {
        /// <summary>Returns the report as lines of text.</summary>
        public static string Of(RigMixer mixer, ShapeBinding[] bindings, List<SkinnedMeshRenderer> renderers)
        {
            var text = new StringBuilder();
            var driving = new HashSet<string>();
            for (int n = 0; n < bindings.Length; n++) AddMesh(text, mixer, bindings[n], renderers[n].name, driving);
            if (bindings.Length == 0) text.Append("no renderer with blend shapes was found\n");
            var idle = new List<string>();
            foreach (string name in ArkitShapes.Names)
                if (!driving.Contains(name)) idle.Add(name);
            if (idle.Count > 0) text.Append($"without a target: {string.Join(", ", idle)}\n");
            if (mixer.UnknownSources.Length > 0)
                text.Append($"no ARKit shapes: {string.Join(", ", mixer.UnknownSources)}\n");
            return text.ToString();
        }

        private static void AddMesh(
            StringBuilder text, RigMixer mixer, ShapeBinding binding, string name, HashSet<string> driving)
        {
            var undriven = new List<string>(binding.Names);
            int count = 0;
            for (int i = 0; i < mixer.Targets.Length; i++)
            {
                if (binding.ShapeOf(i) < 0) continue;
                count++;
                undriven.Remove(binding.Names[binding.ShapeOf(i)]);
                driving.UnionWith(mixer.SourcesOf(i));
            }
            text.Append($"{name}: {count} of {binding.Names.Length} shapes are driven");
            text.Append(undriven.Count > 0 ? $"; not driven: {string.Join(", ", undriven)}\n" : "\n");
        }
    }
}
