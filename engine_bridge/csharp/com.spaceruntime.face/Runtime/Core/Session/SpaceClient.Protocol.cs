using System;
using System.Threading;
using SpaceRuntime.Protocol;
using SpaceRuntime.Transport;

namespace SpaceRuntime
{
    // The client's thread: greets, hands messages to the sessions, pings, and gives a silent server up.
    public sealed partial class SpaceClient
    {
        private readonly MessageReader reader = new MessageReader(true);
        private readonly PingMessage ping = new PingMessage();
        private readonly PongMessage pong = new PongMessage();
        private readonly RangeCheck ranges = new RangeCheck();
        private long unknownMessages, badMessages;
        private long lastHeardMs;

        private void Run()
        {
            while (!stopping)
            {
                try
                {
                    bool came = connection.Receive(TickMs, out ZmtpMessage message);
                    FollowLink();
                    for (int n = 0; came && n < 256; n++)
                    {
                        using (message) Handle(message);
                        came = connection.Receive(0, out message);
                    }
                    if (came) using (message) Handle(message);
                    Tick();
                }
                catch (Exception error)
                {
                    Complain($"{error.GetType().Name}: {error.Message}");
                }
            }
        }

        /// <summary>Notices that the link was lost or is back.</summary>
        private void FollowLink()
        {
            int current = connection.Epoch;
            if (current == epoch) return;
            bool had = epoch != 0;
            epoch = current;
            if (had)
            {
                lock (gate)
                {
                    byId.Clear();
                    byRequest.Clear();
                }
                foreach (SpaceSession session in sessions) session.OnLinkLost();
            }
            Become(ClientState.Connecting);
            if (current != 0) Greet();
        }

        private void Greet()
        {
            Become(ClientState.Greeting);
            lastHeardMs = Clock.Ms;
            Send(new HelloMessage { Versions = new[] { WireLimits.Version }, Client = options.Name });
        }

        private void Tick()
        {
            long now = Clock.Ms;
            if (epoch != 0 && now - lastHeardMs > options.SilenceMs)
            {
                lastHeardMs = now;
                connection.Drop($"the server said nothing for {options.SilenceMs} ms");
            }
            bool ready = State == ClientState.Ready;
            if (ready && now - Interlocked.Read(ref lastSentMs) >= options.PingMs)
            {
                ping.Nonce++;
                Send(ping);
            }
            foreach (SpaceSession session in sessions) session.Tick(ready);
        }

        private void Handle(ZmtpMessage message)
        {
            if (message.Epoch != epoch) FollowLink();
            if (message.Epoch != epoch) return;
            lastHeardMs = Clock.Ms;
            for (int i = 0; i < message.Count; i++)
            {
                try
                {
                    Message read = reader.Read(message[i]);
                    if (read == null) Interlocked.Increment(ref unknownMessages);
                    else
                    {
                        if (!(read is WelcomeMessage)) ranges.Check(read); // of which more is said
                        Handle(read, message, i);
                    }
                }
                catch (WireException error)
                {
                    Interlocked.Increment(ref badMessages);
                    Complain("the server sent what is no message: " + error.Message);
                }
                catch (Exception error)
                {
                    Complain($"{error.GetType().Name}: {error.Message}"); // the other parts may be fine
                }
            }
        }

        private void Handle(Message read, ZmtpMessage message, int part)
        {
            switch (read)
            {
                case FrameMessage frame: Find(frame)?.OnFrame(frame); break;
                case TextureMessage texture: Find(texture)?.OnTexture(texture, message, part, connection.Pool); break;
                case PingMessage asked:
                    pong.Nonce = asked.Nonce;
                    Send(pong);
                    break;
                case StartedMessage started: Find(started)?.OnStarted(started); break;
                case UnderrunMessage underrun: Find(underrun)?.OnUnderrun(underrun); break;
                case NoticeMessage notice: Find(notice)?.OnNotice(notice); break;
                case FinishedMessage finished: Find(finished)?.OnFinished(finished); break;
                case ClosedMessage closed: OnClosed(closed); break;
                case WelcomeMessage welcome: OnWelcome(welcome); break;
                case OpenedMessage opened: OnOpened(opened); break;
                case ResumedMessage resumed: Asked(resumed.Request)?.OnResumed(resumed); break;
                case ErrorMessage error: OnError(error); break;
                case ByeMessage bye: Complain("the server stops: " + bye.Reason); break;
            }
        }

        private void OnWelcome(WelcomeMessage welcome)
        {
            if (State != ClientState.Greeting) return;
            string problem = ranges.ProblemWith(welcome);
            if (problem.Length > 0)
            {
                Complain(problem);
                Become(ClientState.Refused);
                connection.Drop(problem); // it may be another one the next time
                return;
            }
            server = new ServerInfo(welcome);
            lastError = "";
            Become(ClientState.Ready);
            foreach (SpaceSession session in sessions) session.OnReady();
        }

        private void OnOpened(OpenedMessage opened)
        {
            SpaceSession session = Asked(opened.Request);
            if (session != null) session.OnOpened(opened);
            else Send(new CloseMessage { Session = opened.Session });
        }

        private void OnClosed(ClosedMessage closed)
        {
            SpaceSession session = Find(closed);
            lock (gate) byId.Remove(closed.Session);
            session?.OnClosed(closed.Reason);
        }

        private void OnError(ErrorMessage error)
        {
            Complain(error.Text);
            if (error.Code == ErrorCodes.NotGreeted) GreetAgain();
            else if (error.Code == ErrorCodes.UnsupportedVersion) Become(ClientState.Refused);
            SpaceSession session = error.Request.HasValue ? Asked(error.Request.Value) : null;
            if (session == null && error.Session.HasValue) session = Find(error.Session.Value);
            session?.OnError(error);
        }

        private void GreetAgain()
        {
            if (State == ClientState.Greeting) return;
            foreach (SpaceSession session in sessions) session.OnLinkLost();
            Greet();
        }

        private SpaceSession Find(SessionMessage message) => Find(message.Session);

        private SpaceSession Find(uint id)
        {
            SpaceSession session;
            lock (gate) byId.TryGetValue(id, out session);
            session?.GiveWay();
            return session;
        }

        /// <summary>The session whose request this was; each is answered once.</summary>
        private SpaceSession Asked(uint request)
        {
            lock (gate)
            {
                byRequest.TryGetValue(request, out SpaceSession session);
                byRequest.Remove(request);
                return session;
            }
        }

        private void Complain(string text)
        {
            bool isNew = text != lastError;
            lastError = text;
            if (isNew) options.Log?.Invoke(text);
        }
    }
}
