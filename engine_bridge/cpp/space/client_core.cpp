#include "space/client_core.hpp"

#include <algorithm>

#include "space/last_error.hpp"
#include "space/ranges.hpp"

namespace space {

namespace {

constexpr double kPing_s = 1.0;
constexpr double kChunkPause_s = 0.01;  ///< longer where many sessions share the messages that a server takes a second
constexpr double kLongestChunkPause_s = 0.04;
constexpr double kGreetAgain_s = 1.0;

}  // namespace

// ---- for the caller ----

std::shared_ptr<SessionCore> ClientCore::open(const SessionOptions& options) {
    if (options.fps_numerator == 0 || options.fps_denominator == 0) {
        fail(Status::bad_argument, "the frame rate is %u/%u; expected numbers above 0", options.fps_numerator,
             options.fps_denominator);
        return nullptr;
    }
    if (sessions_.size() >= kSessions) {
        fail(Status::full, "the client has %zu sessions, which is the most; close one", sessions_.size());
        return nullptr;
    }
    sessions_.push_back(std::make_shared<SessionCore>(next_id_++, options, events_));
    return sessions_.back();
}

ClientCounts ClientCore::counts() const {
    ClientCounts counts = counts_;
    counts.events_dropped = events_.dropped();
    return counts;
}

void ClientCore::close_all() {
    for (const auto& session : sessions_) session->close();
}

void ClientCore::put_event(EventKind kind, Text code, Text text) {
    Event event;
    event.kind = kind, event.code = std::string(code), event.text = std::string(text);
    events_.put(std::move(event));
}

// ---- for the connection ----

void ClientCore::link_up(double now, Outbox& out) {
    linked_ = true;
    complained_ = false;
    heard_at_ = now;
    greet(now, out);
}

void ClientCore::greet(double now, Outbox& out) {
    greeted_ = false;
    greeted_at_ = now;
    for (const auto& session : sessions_) session->lost_link();
    Hello hello;
    hello.versions = {kVersion};
    hello.client = options_.name;
    if (!out.post(hello)) out.give_up("the client's name is no UTF-8 or too long");
}

void ClientCore::link_down(const std::string& why) {
    problem_ = why;
    if (greeted_) put_event(EventKind::disconnected, {}, why);
    linked_ = greeted_ = false;
    for (const auto& session : sessions_) session->lost_link();
}

void ClientCore::on_unknown(double now) {
    ++counts_.messages_received, ++counts_.unknown_messages;
    heard_at_ = now;
}

void ClientCore::on_bad(Text why) {
    ++counts_.messages_received, ++counts_.bad_messages;
    if (!complained_) put_event(EventKind::error, "bad_message", why);
    complained_ = true;
}

void ClientCore::count_sent(double now) {
    ++counts_.messages_sent;
    sent_at_ = now;
}

SessionCore* ClientCore::session(u32 remote) const {
    const auto same = [remote](const std::shared_ptr<SessionCore>& one) { return one->has(remote); };
    const auto found = std::find_if(sessions_.begin(), sessions_.end(), same);
    return found == sessions_.end() ? nullptr : found->get();
}

SessionCore* ClientCore::asker(u32 request) const {
    const auto same = [request](const std::shared_ptr<SessionCore>& one) { return one->id() == request; };
    const auto found = std::find_if(sessions_.begin(), sessions_.end(), same);
    return found == sessions_.end() ? nullptr : found->get();
}

template <class T, class... More> void ClientCore::pass(T& message, More... more) {
    if (SessionCore* found = session(message.session)) found->on(message, more...);
}

void ClientCore::on(Message& message, const std::shared_ptr<TextureImage>& texture, double now, Outbox& out) {
    ++counts_.messages_received;
    heard_at_ = now;
    if (auto* welcome = std::get_if<Welcome>(&message)) return on_welcome(*welcome, out);
    if (auto* error = std::get_if<Error>(&message)) return on_error(*error, now, out);
    if (auto* ping = std::get_if<Ping>(&message)) {  // a server that does not read gets no more answers
        if (!out.is_crowded()) out.post(Pong{ping->nonce});
        return;
    }
    if (auto* bye = std::get_if<Bye>(&message)) return put_event(EventKind::bye, {}, bye->reason);
    if (!greeted_ || std::holds_alternative<Pong>(message)) return;
    if (auto* frame = std::get_if<Frame>(&message)) return pass(*frame);
    if (auto* picture = std::get_if<Texture>(&message)) {
        SessionCore* found = session(picture->session);
        if (!texture) ++counts_.bad_messages;
        if (texture && found) found->on(texture);
    }
    if (auto* started = std::get_if<Started>(&message)) return pass(*started);
    if (auto* underrun = std::get_if<Underrun>(&message)) return pass(*underrun);
    if (auto* notice = std::get_if<Notice>(&message)) return pass(*notice);
    if (auto* finished = std::get_if<Finished>(&message)) return pass(*finished);
    if (auto* closed = std::get_if<Closed>(&message)) return pass(*closed, now);
    if (auto* opened = std::get_if<Opened>(&message)) {
        SessionCore* found = asker(opened->request);
        if (found && !found->on(*opened)) ++counts_.bad_messages;
    }
    if (auto* resumed = std::get_if<Resumed>(&message)) {
        if (SessionCore* found = asker(resumed->request)) found->on(*resumed);
    }
}

void ClientCore::on_welcome(const Welcome& message, Outbox& out) {
    if (greeted_) return;
    if (const std::string problem = problem_with(message); !problem.empty()) return out.give_up(problem);
    greeted_ = true;
    problem_.clear();
    ++counts_.connections;
    info_.server = std::string(message.server), info_.bundle = std::string(message.bundle);
    info_.look_ahead_s = message.look_ahead_s;
    info_.blendshapes.assign(message.weights.begin(), message.weights.end());
    info_.keypoints = message.keypoints.value_or(0);
    info_.emotions.assign(message.emotions.begin(), message.emotions.end());
    info_.message_bytes = limit_of(message.limits, "message_bytes", 65536);
    info_.audio_ms = limit_of(message.limits, "audio_ms", 10000);
    info_.messages_per_s = limit_of(message.limits, "messages_per_s", 1000);
    out.settle(info_.message_bytes);
    put_event(EventKind::connected, {}, message.server);
}

void ClientCore::on_error(const Error& message, double now, Outbox& out) {
    if (message.code == "unsupported_version") {
        put_event(EventKind::error, message.code, message.message);
        return out.give_up(std::string(message.message));
    }
    if (message.code == "not_greeted") {  // at most once a second, whatever the server says
        if (now - greeted_at_ > kGreetAgain_s) greet(now, out);
        return;
    }
    SessionCore* found = message.request ? asker(*message.request) : nullptr;
    if (!found && message.session) found = session(*message.session);
    if (found) return found->on(message, now);
    put_event(EventKind::error, message.code, message.message);
}

void ClientCore::pump(double now, Outbox& out) {
    if (linked_ && now - heard_at_ >= options_.silence_s) return out.give_up("the server is silent");
    if (greeted_) {
        const double share = static_cast<double>(sessions_.size()) / static_cast<double>(info_.messages_per_s);
        info_.chunk_pause_s = std::min(std::max(kChunkPause_s, 2 * share), kLongestChunkPause_s);
        for (const auto& session : sessions_) session->pump(now, info_, out);
        if (now - sent_at_ >= kPing_s) out.post(Ping{nonce_++});
    }
    const auto is_closed = [](const std::shared_ptr<SessionCore>& session) { return session->is_closed(); };
    sessions_.erase(std::remove_if(sessions_.begin(), sessions_.end(), is_closed), sessions_.end());
}

double ClientCore::due_at(double now) const {
    if (!linked_) return kNever;
    double due = heard_at_ + options_.silence_s;
    if (!greeted_) return due;
    due = std::min(due, sent_at_ + kPing_s);
    for (const auto& session : sessions_) due = std::min(due, session->due_at(now));
    return due;
}

}  // namespace space
