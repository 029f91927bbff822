using UnityEngine;

namespace SpaceRuntime.Samples
{
    /// <summary>
    /// Put this beside a speaker that has a character and asks for pictures: the talking portrait is drawn on a screen, which is
    /// any renderer. In URP the property is <c>_BaseMap</c>.
    /// </summary>
    public sealed class PortraitScreenSample : MonoBehaviour
    {
        [SerializeField] private Renderer screen = null;
        [SerializeField] private SpaceSpeaker speaker = null;
        [SerializeField] private AudioClip line = null;

        private void Start()
        {
            speaker.gameObject.AddComponent<SpacePortrait>().Target = screen;
            speaker.Speak(line);
        }
    }
}
