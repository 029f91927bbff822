using System.Collections;
using System.Diagnostics;
using NUnit.Framework;
using UnityEngine;
using UnityEngine.TestTools;

namespace SpaceRuntime.Tests
{
    /// <summary>Connections to a server that is not there: they must neither block nor stay.</summary>
    public sealed class ConnectionTests
    {
        [UnityTest]
        public IEnumerator A_connection_comes_and_goes_without_a_pause()
        {
            for (int i = 0; i < 20; i++)
            {
                var character = new GameObject("character");
                character.SetActive(false);
                var connection = character.AddComponent<SpaceConnection>();
                connection.Address = "tcp://127.0.0.1:9";
                character.AddComponent<SpaceSpeaker>();
                character.SetActive(true);
                yield return null;
                var watch = Stopwatch.StartNew();
                character.SetActive(false);
                Assert.Less(watch.ElapsedMilliseconds, 250);
                Assert.IsTrue(connection.Client == null);
                Object.Destroy(character);
                yield return null;
            }
        }
    }
}
