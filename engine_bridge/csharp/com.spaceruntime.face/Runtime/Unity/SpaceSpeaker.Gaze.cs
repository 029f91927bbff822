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
        private const float EyesWidth = 0.09f;  // metres of the unit of faces
        private const float LeastPause = 0.1f;

        [SerializeField, Tooltip("What the eyes follow; empty: the viewer.")]
        private Transform gazeTarget = null;

        [SerializeField, Tooltip("Between the eyes, facing forward along z; empty: this object.")]
        private Transform gazeOrigin = null;

        [SerializeField, Tooltip("The head turns after the eyes. The gaze origin must stand still then: no bone of the head.")]
        private bool headFollowsGaze = false;

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

        /// <summary>Whether the head turns after the eyes, as far as people's do.</summary>
        public bool HeadFollowsGaze
        {
            get => headFollowsGaze;
            set => headFollowsGaze = value;
        }

        /// <summary>
        /// Shuts the lids once, now: how far, 0 … 1, and for how many seconds. Nothing happens unless something is spoken.
        /// </summary>
        public void Blink(float closure = 1, float seconds = 0.04f)
        {
            if (!IsUsable || !session.IsStreaming) return;
            var blink = new[] { Mathf.Clamp(closure, 0, 1), Mathf.Clamp(seconds, 0, 60) };
            session.Set(new Controls { Blink = blink }, double.NaN, 0);
        }

        private void FollowGaze()
        {
            sinceGaze += Time.deltaTime;
            if (sinceGaze < LeastPause || !IsUsable || !session.IsStreaming) return;
            if (!gazeTarget)
            {
                if (looking) Look(new Controls { GazeRad = Array.Empty<float>(), LookAt = Array.Empty<float>() });
                looking = false;
                return;
            }
            Vector3 point = (gazeOrigin ? gazeOrigin : transform).InverseTransformPoint(gazeTarget.position);
            (float yaw, float pitch) = SpaceAxes.GazeTo(point);
            if (!headFollowsGaze)
            {
                yaw = Mathf.Clamp(yaw, -Furthest, Furthest);
                pitch = Mathf.Clamp(pitch, -Furthest, Furthest);
            }
            bool same = looking && Math.Abs(yaw - toldGaze[0]) < LeastTurn && Math.Abs(pitch - toldGaze[1]) < LeastTurn;
            if (same && toldStream == session.Stream) return;
            looking = true;
            toldGaze[0] = yaw;
            toldGaze[1] = pitch;
            float[] place = { -point.x / EyesWidth, point.y / EyesWidth, point.z / EyesWidth };
            Look(headFollowsGaze
                ? new Controls { LookAt = place, LookSpace = "character" }
                : new Controls { GazeRad = new[] { yaw, pitch }, LookAt = Array.Empty<float>() });
        }

        private void Look(Controls controls)
        {
            sinceGaze = 0;
            toldStream = session.Stream;
            session.Set(controls, double.NaN, 150);
        }
    }
}
