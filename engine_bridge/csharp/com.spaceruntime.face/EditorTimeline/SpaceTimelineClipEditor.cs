using UnityEditor;
using UnityEditor.Timeline;
using UnityEngine;
using UnityEngine.Timeline;

namespace SpaceRuntime
{
    /// <summary>
    /// Draws the opening of the mouth on a line, says when it has no clip, and puts the sound that lies beside a new line's file
    /// on the audio track.
    /// </summary>
    [CustomTimelineEditor(typeof(SpaceTimelineClip))]
    public sealed class SpaceTimelineClipEditor : ClipEditor
    {
        private const float Column = 2;
        private static readonly Color Ink = new Color(1, 1, 1, 0.35f);
        private readonly ClipMix mix = new ClipMix();

        /// <inheritdoc/>
        public override ClipDrawOptions GetClipOptions(TimelineClip clip)
        {
            ClipDrawOptions options = base.GetClipOptions(clip);
            SpaceClip line = LineOf(clip);
            if (!line) options.errorText = "no baked clip: choose a .spaceclip in the inspector";
            else options.tooltip = $"{line.name}: {line.Seconds:0.0} s, {line.Face.FramesPerSecond:0.##} frames a second";
            return options;
        }

        /// <inheritdoc/>
        public override void DrawBackground(TimelineClip clip, ClipBackgroundRegion region)
        {
            SpaceClip line = LineOf(clip);
            if (!line) return;
            int jaw = ArkitShapes.IndexOf("jawOpen");
            Rect area = region.position;
            for (float x = 0; x < area.width; x += Column)
            {
                double time = region.startTime + (region.endTime - region.startTime) * x / area.width;
                mix.Begin();
                mix.Add(line.Face, time, 1);
                float height = Mathf.Clamp01(mix.Pose.Blendshapes[jaw]) * area.height;
                EditorGUI.DrawRect(new Rect(area.x + x, area.y + area.height - height, Column, height), Ink);
            }
        }

        /// <summary>A new line gets its name and its sound; a copy has them.</summary>
        public override void OnCreate(TimelineClip clip, TrackAsset track, TimelineClip clonedFrom)
        {
            if (clonedFrom == null) EditorApplication.delayCall += () => Complete(clip, track as SpaceFaceTrack);
        }

        private static void Complete(TimelineClip clip, SpaceFaceTrack track)
        {
            SpaceClip line = LineOf(clip);
            if (!line || !track) return;
            clip.displayName = line.name;
            clip.duration = line.Seconds;
            AudioClip sound = LineSounds.Of(line);
            if (sound) track.AddSound(sound, clip.start);
            TimelineEditor.Refresh(RefreshReason.ContentsAddedOrRemoved);
        }

        private static SpaceClip LineOf(TimelineClip clip) => clip.asset is SpaceTimelineClip asset ? asset.Clip : null;
    }
}
