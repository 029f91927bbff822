namespace SpaceRuntime.Protocol
{
    /// <summary>A number with a name: the intensity of an emotion.</summary>
    public readonly struct NamedValue
    {
        /// <summary>Pairs a name with a number.</summary>
        public NamedValue(string name, float value)
        {
            Name = name;
            Value = value;
        }

        /// <summary>The name, for example <c>happy</c>.</summary>
        public string Name { get; }

        /// <summary>The number, for emotions 0 … 1.</summary>
        public float Value { get; }
    }

    /// <summary>A count with a name: one of the server's limits.</summary>
    public readonly struct NamedCount
    {
        /// <summary>Pairs a name with a count.</summary>
        public NamedCount(string name, ulong value)
        {
            Name = name;
            Value = value;
        }

        /// <summary>The name, for example <c>sessions</c>.</summary>
        public string Name { get; }

        /// <summary>The count, below 2⁶³.</summary>
        public ulong Value { get; }
    }
}
