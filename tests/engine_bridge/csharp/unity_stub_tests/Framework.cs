using System;

namespace NUnit.Framework
{
    /// <summary>Marks a test.</summary>
    public class TestAttribute : Attribute
    {
    }

    /// <summary>The stand-in of NUnit: what the package's own tests use of it.</summary>
    public class Assert
    {
        public static void IsTrue(bool condition) => Check(condition, "expected true");

        public static void AreEqual(double expected, double actual, double delta) =>
            Check(Math.Abs(expected - actual) <= delta, $"expected {expected}, was {actual}");

        public static void Greater(float arg1, float arg2) => Check(arg1 > arg2, $"{arg1} is not greater than {arg2}");

        public static void LessOrEqual(float arg1, float arg2) => Check(arg1 <= arg2, $"{arg1} is greater than {arg2}");

        public static void Less(double arg1, double arg2) => Check(arg1 < arg2, $"{arg1} is not less than {arg2}");

        public static void Less(long arg1, long arg2) => Check(arg1 < arg2, $"{arg1} is not less than {arg2}");

        private static void Check(bool good, string otherwise)
        {
            if (!good) throw new Exception(otherwise);
        }
    }
}

namespace UnityEngine.TestTools
{
    /// <summary>Marks a test that runs over frames.</summary>
    public class UnityTestAttribute : Attribute
    {
    }
}
