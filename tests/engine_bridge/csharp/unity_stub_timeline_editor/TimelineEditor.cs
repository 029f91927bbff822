// A stand-in for the part of Timeline's editor that the package uses.
using System;
using System.Runtime.CompilerServices;
using UnityEngine;
using UnityEngine.Timeline;

[assembly: InternalsVisibleTo("Space.UnityTests")]

namespace UnityEditor.Timeline
{
    public sealed class CustomTimelineEditorAttribute : Attribute
    {
        public CustomTimelineEditorAttribute(Type type)
        {
        }
    }

    public struct ClipBackgroundRegion
    {
        public ClipBackgroundRegion(Rect _position, double _startTime, double _endTime)
        {
            position = _position;
            startTime = _startTime;
            endTime = _endTime;
        }

        public Rect position { get; private set; }

        public double startTime { get; private set; }

        public double endTime { get; private set; }
    }

    public struct ClipDrawOptions
    {
        public string errorText { get; set; }

        public string tooltip { get; set; }
    }

    public class ClipEditor
    {
        public virtual ClipDrawOptions GetClipOptions(TimelineClip clip) => default;

        public virtual void DrawBackground(TimelineClip clip, ClipBackgroundRegion region)
        {
        }

        public virtual void OnCreate(TimelineClip clip, TrackAsset track, TimelineClip clonedFrom)
        {
        }
    }

    [Flags]
    public enum RefreshReason
    {
        ContentsAddedOrRemoved = 1,
    }

    public static class TimelineEditor
    {
        internal static int Refreshed;

        public static void Refresh(RefreshReason reason) => Refreshed++;
    }
}
