using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Space.UnityTests")]

namespace UnityEngine.UI
{
    /// <summary>The stand-in of a picture in a user interface; uGUI is an assembly of its own.</summary>
    public class RawImage : MonoBehaviour
    {
        public Texture texture { get; set; }
    }
}
