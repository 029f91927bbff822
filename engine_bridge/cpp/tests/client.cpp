// A client that does what stdin says, one command a line; each answers with one line of JSON.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <thread>

#include "check.hpp"
#include "json.hpp"
#include "space/client.hpp"

namespace {

using check::Words;

double seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// `key=value` words.
class Options {
public:
    explicit Options(const Words& words) {
        for (const std::string& word : words) {
            const std::size_t at = word.find('=');
            if (at != std::string::npos) values_[word.substr(0, at)] = word.substr(at + 1);
        }
    }
    std::string text(const char* key, const char* otherwise = "") const {
        const auto found = values_.find(key);
        return found == values_.end() ? otherwise : found->second;
    }
    double number(const char* key, double otherwise) const {
        return has(key) ? std::strtod(values_.at(key).c_str(), nullptr) : otherwise;
    }
    space::u32 whole(const char* key, double otherwise) const {
        return static_cast<space::u32>(number(key, otherwise));
    }
    bool has(const char* key) const { return values_.count(key) != 0; }

private:
    std::map<std::string, std::string> values_;
};

struct Stage {
    std::unique_ptr<space::Client> client;
    std::vector<space::Session> sessions;
    space::Session& session(const Options& options) { return sessions.at(options.whole("session", 0)); }
};

void say_status(space::Status status) {
    static const char* const names[] = {"ok", "bad_argument", "closed", "no_stream", "full"};
    std::printf("{\"status\": \"%s\"}\n", names[static_cast<std::size_t>(status)]);
}

space::Controls controls_of(const Options& options, std::string& head) {
    space::Controls controls;
    if (options.has("mouth")) controls.mouth_strength = static_cast<float>(options.number("mouth", 0));
    if (options.has("brows")) controls.brow_strength = static_cast<float>(options.number("brows", 0));
    if (options.has("saccades")) controls.saccade_strength = static_cast<float>(options.number("saccades", 0));
    if (options.has("seed")) controls.seed = options.whole("seed", 0);
    if (options.has("happy")) controls.emotion = {{"happy", static_cast<float>(options.number("happy", 0))}};
    head = options.text("head");
    if (!head.empty()) controls.head_mode = head;
    return controls;
}

void make(Stage& stage, const Options& options) {
    space::ClientOptions chosen;
    chosen.endpoint = options.text("endpoint");
    chosen.allow_remote = options.has("remote");
    chosen.handshake_s = options.number("handshake", chosen.handshake_s);
    chosen.silence_s = options.number("silence", chosen.silence_s);
    stage.client = std::make_unique<space::Client>(chosen);
    std::printf("{\"valid\": %s}\n", stage.client->is_valid() ? "true" : "false");
}

void open(Stage& stage, const Options& options) {
    space::SessionOptions chosen;
    chosen.playout_ms = options.whole("playout", chosen.playout_ms);
    chosen.texture = options.has("texture");
    if (chosen.texture) chosen.texture_format = options.text("texture");
    if (options.has("format")) chosen.texture_format = options.text("format");
    chosen.character = options.text("character");
    chosen.landmarks = options.has("landmarks"), chosen.keypoints = options.has("keypoints");
    chosen.portrait.assign(options.whole("portrait", 0), 7);
    stage.sessions.push_back(stage.client->open(chosen));
    std::printf("{\"open\": %s}\n", stage.sessions.back().is_open() ? "true" : "false");
}

void start(Stage& stage, const Options& options) {
    std::string head;
    space::StreamOptions chosen;
    chosen.rate = options.whole("rate", 16000), chosen.channels = options.whole("channels", 1);
    chosen.first_sample = options.whole("first", 0);
    if (options.text("format") == "f32") chosen.format = space::SampleFormat::f32;
    if (options.text("pace") == "clip") chosen.pace = space::Pace::clip;
    chosen.controls = controls_of(options, head);
    say_status(stage.session(options).start(chosen));
}

/// Sample k of the sound is k modulo 30,000.
void push(Stage& stage, const Options& options) {
    std::vector<std::int16_t> values(options.whole("n", 0));
    const space::u32 from = options.whole("from", 0);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int16_t>((from + i) % 30000);
    say_status(stage.session(options).push(values.data(), values.size()));
}

void speak(Stage& stage, const Options& options) {
    std::string head;
    space::SpeakOptions chosen;
    chosen.asset = options.text("asset"), chosen.sound.assign(options.whole("bytes", 0), 9);
    chosen.controls = controls_of(options, head);
    say_status(stage.session(options).speak(chosen));
}

void evaluate(Stage& stage, const Options& options) {
    static const char* const names[] = {"waiting", "playing", "holding", "releasing", "resting"};
    space::Pose pose;
    stage.session(options).evaluate(options.number("at", 0), options.number("dt", 0.02), pose);
    std::string out = "{\"state\": \"" + std::string(names[static_cast<std::size_t>(pose.state)]) + "\", \"blendshapes\": ";
    check::json(out, pose.blendshapes);
    out += ", \"keypoints\": ";
    check::json(out, pose.keypoints);
    std::printf("%s}\n", out.c_str());
}

void texture(Stage& stage, const Options& options) {
    const space::TexturePointer found = stage.session(options).texture();
    if (!found) {
        std::printf("null\n");
        return;
    }
    space::u64 sum = 0;
    for (const std::uint8_t byte : found->pixels) sum += byte;
    std::printf("{\"index\": %u, \"width\": %u, \"height\": %u, \"bytes\": %zu, \"sum\": %llu}\n", found->index,
                found->width, found->height, found->pixels.size(), static_cast<unsigned long long>(sum));
}

void events(Stage& stage) {
    static const char* const names[] = {"connected", "disconnected", "opened",   "lost",  "closed",
                                        "started",   "underrun",     "finished", "error", "bye",
                                        "notice"};
    std::string out = "[";
    space::Event event;
    while (stage.client->next_event(event)) {
        if (out.size() > 1) out += ", ";
        out += "{\"kind\": \"" + std::string(names[static_cast<std::size_t>(event.kind)]) + "\", \"text\": ";
        check::json(out, space::Text(event.text));
        out += ", \"code\": \"" + event.code + "\", \"session\": " + std::to_string(event.session);
        out += ", \"stream\": " + std::to_string(event.stream) + ", \"sample\": ";
        check::json(out, event.sample);
        out += "}";
    }
    std::printf("%s]\n", out.c_str());
}

void counts(Stage& stage, const Options& options) {
    const space::ClientCounts all = stage.client->counts();
    const space::SessionCounts one = stage.sessions.empty() ? space::SessionCounts{} : stage.session(options).counts();
    const auto n = [](space::u64 value) { return static_cast<unsigned long long>(value); };
    std::printf("{\"connections\": %llu, \"bad\": %llu, \"unknown\": %llu, \"received\": %llu, \"taken\": %llu, "
                "\"late\": %llu, \"foreign\": %llu, \"textures\": %llu, \"sound_dropped\": %llu, \"connected\": %s, "
                "\"jawOpen\": %d, \"problem\": ",
                n(all.connections), n(all.bad_messages), n(all.unknown_messages), n(all.messages_received),
                n(one.frames.taken), n(one.frames.late), n(one.frames.foreign), n(one.textures), n(one.sound_dropped),
                stage.client->is_connected() ? "true" : "false", stage.client->blendshape("jawOpen"));
    std::string problem;
    check::json(problem, space::Text(stage.client->problem()));
    std::printf("%s}\n", problem.c_str());
}

/// Asks for a face as an engine does, but more often, for so many seconds.
void probe(Stage& stage, const Options& options) {
    std::vector<double> took;
    space::Pose pose;
    const double begun = seconds(), end = begun + options.number("seconds", 0.3);
    bool sound = true;
    while (seconds() < end) {
        const double before = seconds();
        stage.session(options).evaluate((before - begun) * 16000, 1.0 / 60, pose);
        took.push_back((seconds() - before) * 1000);
        for (const float weight : pose.blendshapes) sound = sound && weight >= 0 && weight <= 1;
        stage.session(options).texture();
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    std::sort(took.begin(), took.end());
    std::printf("{\"p50\": %.4f, \"p99\": %.4f, \"most\": %.4f, \"sound\": %s}\n", took[took.size() / 2],
                took[took.size() * 99 / 100], took.back(), sound ? "true" : "false");
}

void dispose(Stage& stage) {
    const double before = seconds();
    stage.client.reset();
    std::printf("{\"ms\": %.3f}\n", (seconds() - before) * 1000);
}

void set(Stage& stage, const Options& options) {
    std::string head;
    const space::Controls controls = controls_of(options, head);
    space::Maybe<space::u32> fade;
    if (options.has("fade")) fade = options.whole("fade", 0);
    say_status(stage.session(options).set(options.whole("at", 0), controls, fade));
}

void idle(Stage& stage, const Options& options) {
    std::string head;
    const space::Controls controls = controls_of(options, head);
    say_status(stage.session(options).idle(controls));
}

void interrupt(Stage& stage, const Options& options) {
    std::optional<std::uint64_t> at;
    if (options.has("at")) at = options.whole("at", 0);
    say_status(stage.session(options).interrupt(at, options.whole("fade", 200)));
}

/// n rows from a sample on, `step` apart, whose jaws open by `jaw`.
void drive(Stage& stage, const Options& options) {
    std::vector<space::MotionRow> rows(options.whole("n", 1));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i].sample = static_cast<double>(options.whole("from", 0) + i * options.whole("step", 800));
        rows[i].blendshapes[24] = static_cast<float>(options.whole("jaw", 50)) / 100;
        rows[i].head[0] = 0.25F, rows[i].eyes[3] = -0.125F;
    }
    say_status(stage.session(options).drive(rows.data(), rows.size()));
}

void obey(Stage& stage, const std::string& command, const Options& options) {
    if (command == "client") make(stage, options);
    if (command == "open") open(stage, options);
    if (command == "start") start(stage, options);
    if (command == "push") push(stage, options);
    if (command == "speak") speak(stage, options);
    if (command == "idle") idle(stage, options);
    if (command == "set") set(stage, options);
    if (command == "drive") drive(stage, options);
    if (command == "end") say_status(stage.session(options).end());
    if (command == "interrupt") interrupt(stage, options);
    if (command == "evaluate") evaluate(stage, options);
    if (command == "texture") texture(stage, options);
    if (command == "events") events(stage);
    if (command == "counts") counts(stage, options);
    if (command == "close") stage.session(options).close(), std::printf("{}\n");
    if (command == "dispose") dispose(stage);
    if (command == "probe") probe(stage, options);
}

}  // namespace

int check::client(const Words&) {
    Stage stage;
    std::string line;
    while (read_line(line)) {
        const Words words = split(line);
        obey(stage, words[0], Options(words));
        std::fflush(stdout);
    }
    return 0;
}
