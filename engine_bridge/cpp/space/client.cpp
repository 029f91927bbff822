#include "space/client.hpp"

#include <algorithm>

#include "space/client_thread.hpp"

namespace space {

namespace {

/// Returns the reason why the options cannot work; empty if they can.
std::string problem_with(const ClientOptions& options, net::Address& address) {
    if (const char* why = net::parse(options.endpoint, address)) return why;
    if (!address.loopback() && !options.allow_remote) {
        return "the endpoint is another machine's; run a relay on this one, or allow remote servers";
    }
    return {};
}

Status no_session() { return fail(Status::closed, "the session was never opened: its client is invalid or full"); }

}  // namespace

Client::Client(const ClientOptions& options) {
    net::Address address;
    invalid_ = problem_with(options, address);
    if (invalid_.empty()) thread_ = std::make_shared<ClientThread>(options, address);
}

Client::~Client() {
    if (thread_) thread_->stop();
}

bool Client::is_valid() const { return thread_ != nullptr; }

bool Client::is_connected() const {
    return thread_ && thread_->with([](ClientCore& core) { return core.is_connected(); });
}

std::string Client::problem() const {
    return thread_ ? thread_->with([](ClientCore& core) { return core.problem(); }) : invalid_;
}

Session Client::open(const SessionOptions& options) {
    if (!thread_) return fail(Status::bad_argument, "endpoint: %s", invalid_.c_str()), Session();
    Session session(thread_, thread_->with([&](ClientCore& core) { return core.open(options); }));
    thread_->wake();
    return session;
}

bool Client::next_event(Event& event) {
    return thread_ && thread_->with([&](ClientCore& core) { return core.next_event(event); });
}

ServerInfo Client::server() const {
    return thread_ ? thread_->with([](ClientCore& core) { return core.info(); }) : ServerInfo{};
}

int Client::blendshape(std::string_view name) const {
    if (!thread_) return -1;
    return thread_->with([name](ClientCore& core) {
        const auto& names = core.info().blendshapes;
        const auto found = std::find(names.begin(), names.end(), name);
        return found == names.end() ? -1 : static_cast<int>(found - names.begin());
    });
}

ClientCounts Client::counts() const {
    return thread_ ? thread_->with([](ClientCore& core) { return core.counts(); }) : ClientCounts{};
}

Session::Session(std::shared_ptr<ClientThread> client, std::shared_ptr<SessionCore> core)
    : client_(std::move(client)), core_(std::move(core)) {}

Session& Session::operator=(Session&& other) noexcept {
    if (this != &other) {
        close();
        client_ = std::move(other.client_);
        core_ = std::move(other.core_);
    }
    return *this;
}

/// Calls `call(core)` under the lock and tells the thread that there is something to do.
template <class Call> Status Session::call(Call call) {
    if (!core_) return no_session();
    const Status status = client_->with([&](ClientCore&) { return call(*core_); });
    if (status == Status::ok) client_->wake();
    return status;
}

Status Session::start(const StreamOptions& options, std::uint32_t* stream) {
    std::uint32_t number = 0;
    const Status status = call([&](SessionCore& core) { return core.start(options, number); });
    if (stream) *stream = number;
    return status;
}

Status Session::push(const void* pcm, std::size_t n_bytes) {
    if (!pcm && n_bytes > 0) return fail(Status::bad_argument, "pcm is null, but n_bytes is %zu", n_bytes);
    const Bytes bytes(static_cast<const std::uint8_t*>(pcm), n_bytes);
    return call([bytes](SessionCore& core) { return core.push(bytes, std::nullopt); });
}

Status Session::push(const std::int16_t* values, std::size_t n) {
    const Bytes bytes(reinterpret_cast<const std::uint8_t*>(values), n * sizeof *values);
    return call([bytes](SessionCore& core) { return core.push(bytes, SampleFormat::s16); });
}

Status Session::push(const float* values, std::size_t n) {
    const Bytes bytes(reinterpret_cast<const std::uint8_t*>(values), n * sizeof *values);
    return call([bytes](SessionCore& core) { return core.push(bytes, SampleFormat::f32); });
}

Status Session::drive(const MotionRow* rows, std::size_t n) {
    if (!rows && n > 0) return fail(Status::bad_argument, "rows is null, but n is %zu", n);
    return call([rows, n](SessionCore& core) { return core.drive(rows, n); });
}

Status Session::end() {
    return call([](SessionCore& core) { return core.end(); });
}

Status Session::speak(const SpeakOptions& options, std::uint32_t* stream) {
    std::uint32_t number = 0;
    const Status status = call([&](SessionCore& core) { return core.speak(options, number); });
    if (stream) *stream = number;
    return status;
}

Status Session::idle(const Controls& controls, std::uint32_t* stream) {
    std::uint32_t number = 0;
    const Status status = call([&](SessionCore& core) { return core.idle(controls, number); });
    if (stream) *stream = number;
    return status;
}

Status Session::set(std::optional<std::uint64_t> at_sample, const Controls& controls,
                    std::optional<std::uint32_t> fade_ms) {
    return call([&](SessionCore& core) { return core.set(at_sample, fade_ms, controls); });
}

Status Session::interrupt(std::optional<std::uint64_t> at_sample, std::uint32_t fade_ms) {
    return call([&](SessionCore& core) { return core.interrupt(at_sample, fade_ms); });
}

Status Session::evaluate(double position, double dt, Pose& pose) {
    if (!core_) return no_session();
    bool wants_credit = false;
    client_->with([&](ClientCore&) {
        pose = core_->evaluate(position, dt);
        wants_credit = core_->wants_credit();
    });
    if (wants_credit) client_->wake();
    return Status::ok;
}

TexturePointer Session::texture() {
    return core_ ? client_->with([&](ClientCore&) { return core_->texture(); }) : nullptr;
}

SessionCounts Session::counts() const {
    return core_ ? client_->with([&](ClientCore&) { return core_->counts(); }) : SessionCounts{};
}

void Session::close() {
    if (core_) call([](SessionCore& core) { return core.close(); });
}

bool Session::is_open() const {
    return core_ && client_->with([&](ClientCore&) { return !core_->is_closed(); });
}

std::uint32_t Session::id() const { return core_ ? core_->id() : 0; }

}  // namespace space
