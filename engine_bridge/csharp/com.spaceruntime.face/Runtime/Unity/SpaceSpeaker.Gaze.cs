using System;
using SpaceRuntime.Protocol;
using UnityEngine;

namespace SpaceRuntime
{
    // The gaze of a speaker: an object that it looks at. It is told to the server when it has moved, ten times a second at most.
    public sealed partial class SpaceSpeaker
    {
        private const float Furthest = 0.610865f;
        private const float LeastTurn = 0.02f;
        private const float LeastPause = 0.1f;

        [SerializeField, Tooltip("What the eyes follow; empty: the viewer.")]
        private Transform gazeTarget = null;

        [SerializeField, Tooltip("Between the eyes, facing forward along z; empty: this object.")]
        private Transform gazeOrigin = null;

        private readonly float[] toldGaze = { float.NaN, float.NaN };
        private float sinceGaze;
        private uint toldStream;
        private bool looking;

        /// <summary>The object that the eyes follow; null: the viewer.</summary>
        public Transform GazeTarget
        {
            get => gazeTarget;
            set => gazeTarget = value;
        }

        private void FollowGaze()
        {
            sinceGaze += Time.deltaTime;
            if (sinceGaze < LeastPause || !IsUsable || !session.IsStreaming) return;
            if (!gazeTarget)
            {
                if (looking) Look(Array.Empty<float>());
                looking = false;
                return;
            }
            Vector3 point = (gazeOrigin ? gazeOrigin : transform).InverseTransformPoint(gazeTarget.position);
            (float yaw, float pitch) = SpaceAxes.GazeTo(point);
            yaw = Mathf.Clamp(yaw, -Furthest, Furthest);
            pitch = Mathf.Clamp(pitch, -Furthest, Furthest);
            bool same = looking && Math.Abs(yaw - toldGaze[0]) < LeastTurn && Math.Abs(pitch - toldGaze[1]) < LeastTurn;
            if (same && toldStream == session.Stream) return;
            looking = true;
            toldGaze[0] = yaw;
            toldGaze[1] = pitch;
            Look(new[] { yaw, pitch });
        }

        private void Look(float[] gaze)
        {
            sinceGaze = 0;
            toldStream = session.Stream;
            session.Set(new Controls { GazeRad = gaze }, double.NaN, 150);
        }
    }
}
