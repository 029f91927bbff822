// The client: connects in the background, keeps its sessions alive across lost connections and restarted servers.
//
//     space::Client client;
//     space::Session face = client.open();
//     face.start({});
//     face.push(samples, n);                    // as the sound comes
//     face.evaluate(position, dt, pose);        // every frame of the game: position of the playback, in samples
//
// All methods may be called from any thread, return at once and throw nothing; `last_error()` says why a call has failed.
// News comes through `next_event`; nobody is called back.
#pragma once

#include <memory>

#include "space/client_values.hpp"
#include "space/last_error.hpp"

namespace space {

class ClientThread;
class SessionCore;

/// A character's session; closed when this is destroyed. Outlives its client harmlessly.
class Session {
public:
    Session() = default;
    ~Session() { close(); }
    Session(Session&&) noexcept = default;
    Session& operator=(Session&& other) noexcept;

    /// Begins a stream of pushed sound and ends the one before. `stream` becomes its number.
    Status start(const StreamOptions& options, std::uint32_t* stream = nullptr);
    /// Appends sound in the stream's format: whole samples, interleaved. `Status::full` when nobody took the last 30 s.
    Status push(const void* pcm, std::size_t n_bytes);
    Status push(const std::int16_t* values, std::size_t n);
    Status push(const float* values, std::size_t n);
    /// Rows of motion that the face follows as far as the control `drive` says; their times rise. A row has to come before
    /// the sound that its frames' look-ahead needs.
    Status drive(const MotionRow* rows, std::size_t n);
    /// The sound is complete.
    Status end();
    /// A stream whose sound is a file.
    Status speak(const SpeakOptions& options, std::uint32_t* stream = nullptr);
    /// A stream of silence in which the face lives, on a clock of 16,000 a second.
    Status idle(const Controls& controls = {}, std::uint32_t* stream = nullptr);
    /// Changes controls from a media time on; without one, from the position evaluated last on.
    Status set(std::optional<std::uint64_t> at_sample, const Controls& controls,
               std::optional<std::uint32_t> fade_ms = {});
    Status set(const Controls& controls) { return set(std::nullopt, controls); }
    /// Barge-in: to rest from a media time on; without one, from the position evaluated last on.
    Status interrupt(std::optional<std::uint64_t> at_sample = {}, std::uint32_t fade_ms = 200);
    /// The face at a playback position (samples of the stream), `dt` seconds after the last call. Never allocates, but for
    /// keypoints, once.
    Status evaluate(double position, double dt, Pose& pose);
    /// The picture that is due at the position evaluated last; null before the first.
    TexturePointer texture();
    SessionCounts counts() const;
    void close();
    bool is_open() const;
    std::uint32_t id() const;

private:
    friend class Client;
    Session(std::shared_ptr<ClientThread> client, std::shared_ptr<SessionCore> core);
    template <class Call> Status call(Call call);

    std::shared_ptr<ClientThread> client_;
    std::shared_ptr<SessionCore> core_;
};

/// A connection with its thread. Destroyed within 100 ms in every state; its sessions are closed then.
class Client {
public:
    explicit Client(const ClientOptions& options = {});
    ~Client();
    Client(Client&&) noexcept = default;
    Client& operator=(Client&&) = delete;

    /// False if the options cannot work: a malformed endpoint, or one beyond loopback without `allow_remote`.
    bool is_valid() const;
    bool is_connected() const;
    /// Why there is no connection, for people; empty while there is one.
    std::string problem() const;
    /// A session; opened on the server as soon as there is one. Not `is_open` if this is not valid, has 1,024 already,
    /// or `options` has a frame rate of 0.
    Session open(const SessionOptions& options = {});
    bool next_event(Event& event);
    ServerInfo server() const;
    /// The place of a blendshape in `Pose::blendshapes`, -1 if the server has none of that name or is not known yet.
    int blendshape(std::string_view name) const;
    ClientCounts counts() const;

private:
    std::shared_ptr<ClientThread> thread_;
    std::string invalid_;
};

}  // namespace space
