using System;
using SpaceRuntime.Protocol;

namespace SpaceRuntime
{
    /// <summary>
    /// The rows of motion of a stream that may still be needed: what has not been sent, and what a server that was restarted
    /// must get again. A ring that grows and is used again; rows are kept as they travel.
    /// </summary>
    internal sealed class DriveHistory
    {
        /// <summary>Rows that may wait to be sent.</summary>
        private const int MostWaiting = 65536;

        /// <summary>Rows beyond the newest frame that are sent: half of what a server keeps.</summary>
        private const int MostAhead = 512;

        private double[] samples = new double[64];
        private float[] numbers = new float[64 * MotionMessage.RowNumbers];
        private double newest = -1;
        private long first, cursor, end;

        private int Capacity => samples.Length;

        /// <summary>True while rows wait.</summary>
        public bool IsWaiting => cursor < end;

        /// <summary>Adds rows whose times rise. Raises <see cref="ArgumentException"/>, and takes none then.</summary>
        public void Give(ReadOnlySpan<MotionRow> rows)
        {
            double last = newest;
            foreach (MotionRow row in rows)
            {
                row.Check(last);
                last = row.Sample;
            }
            if (end - cursor + rows.Length > MostWaiting)
                throw new InvalidOperationException($"{end - cursor} rows of motion wait already; give them more slowly");
            while (end - first + rows.Length > Capacity) Grow();
            foreach (MotionRow row in rows) Add(row);
            newest = last;
        }

        /// <summary>
        /// Fills a message with the rows to be sent next; false where there are none. <paramref name="animated"/>: media time
        /// of the newest frame; <paramref name="until"/>: no later row; <paramref name="shift"/>: samples that the server counts
        /// too few.
        /// </summary>
        public bool Next(MotionMessage message, double animated, double until, double shift)
        {
            while (cursor < end && Sample(cursor) < shift) cursor++;
            long most = Math.Min(end, Math.Min(cursor + MotionMessage.MostRows, Passed(animated) + MostAhead)), after = cursor;
            double at = cursor < end ? Math.Floor(Sample(cursor)) : 0;
            while (after < most && Sample(after) <= until && Sample(after) - at <= MotionMessage.LastOffset) after++;
            if (after == cursor) return false;
            message.AtSample = (ulong)Math.Max(0, at - shift);
            message.Rows = new float[(after - cursor) * MotionMessage.RowNumbers];
            for (long row = cursor; row < after; row++)
            {
                int to = (int)(row - cursor) * MotionMessage.RowNumbers;
                Array.Copy(numbers, Place(row) * MotionMessage.RowNumbers, message.Rows, to, MotionMessage.RowNumbers);
                message.Rows[to] = (float)(Sample(row) - at);
            }
            return true;
        }

        /// <summary>The rows of a message have been sent.</summary>
        public void Sent(MotionMessage message) => cursor += message.Rows.Length / MotionMessage.RowNumbers;

        /// <summary>What is later than a sample is to be sent again.</summary>
        public void Rewind(double sample)
        {
            while (cursor > first && Sample(cursor - 1) > sample) cursor--;
        }

        /// <summary>Rows that were sent and are older than a sample may go.</summary>
        public void Forget(double before)
        {
            while (first < cursor && Sample(first) < before) first++;
        }

        /// <summary>The first row after a time.</summary>
        private long Passed(double animated)
        {
            long row = cursor;
            while (row > first && Sample(row - 1) > animated) row--;
            return row;
        }

        private int Place(long row) => (int)(row % Capacity);

        private double Sample(long row) => samples[Place(row)];

        private void Add(MotionRow row)
        {
            int at = Place(end) * MotionMessage.RowNumbers;
            samples[Place(end)] = row.Sample;
            Array.Clear(numbers, at, MotionMessage.RowNumbers);
            numbers[at + 1] = row.Confidence;
            row.Blendshapes?.AsSpan(0, MotionMessage.Weights).CopyTo(numbers.AsSpan(at + 2));
            row.Head?.AsSpan(0, 6).CopyTo(numbers.AsSpan(at + 2 + MotionMessage.Weights));
            row.Eyes?.AsSpan(0, 4).CopyTo(numbers.AsSpan(at + 8 + MotionMessage.Weights));
            end++;
        }

        private void Grow()
        {
            int count = (int)(end - first);
            var times = new double[2 * Capacity];
            var values = new float[times.Length * MotionMessage.RowNumbers];
            for (int i = 0; i < count; i++)
            {
                times[i] = Sample(first + i);
                int from = Place(first + i) * MotionMessage.RowNumbers;
                Array.Copy(numbers, from, values, i * MotionMessage.RowNumbers, MotionMessage.RowNumbers);
            }
            cursor -= first;
            first = 0;
            end = count;
            samples = times;
            numbers = values;
        }
    }
}
