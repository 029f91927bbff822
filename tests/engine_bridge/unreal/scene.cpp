// A scene of the stand-in: an actor with two meshes, a sound and a speaker; a command a line on stdin, answers on stdout.
#include <cstdlib>
#include <iostream>
#include <sstream>

#include "Components/AudioComponent.h"
#include "Components/SkeletalMeshComponent.h"
#include "Engine/GameInstance.h"
#include "Engine/SkeletalMesh.h"
#include "Engine/World.h"
#include "GameFramework/Actor.h"
#include "ILiveLinkClient.h"
#include "Misc/FeedbackContext.h"
#include "SpaceClip.h"
#include "SpaceClipFactory.h"
#include "SpaceLiveLinkSourceFactory.h"
#include "SpaceSpeakerComponent.h"
#include "SpaceSubsystem.h"

std::string stub::to_utf8(const TCHAR* text) {
    std::string out;
    for (; *text; ++text) {
        const auto c = static_cast<unsigned>(*text);
        if (c < 0x80) out += static_cast<char>(c);
        else if (c < 0x800) out += static_cast<char>(0xC0 | c >> 6), out += static_cast<char>(0x80 | (c & 0x3F));
        else out += static_cast<char>(0xE0 | c >> 12), out += static_cast<char>(0x80 | (c >> 6 & 0x3F)), out += static_cast<char>(0x80 | (c & 0x3F));
    }
    return out;
}

std::u16string stub::to_utf16(const char* text) {
    std::u16string out;
    while (*text) {
        const auto lead = static_cast<unsigned char>(*text++);
        const int more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : 2;
        unsigned c = more == 0 ? lead : lead & (0x3FU >> more);
        for (int i = 0; i < more; ++i) c = c << 6 | (static_cast<unsigned char>(*text++) & 0x3FU);
        out += static_cast<TCHAR>(c);
    }
    return out;
}

namespace {

class Scene {
public:
    Scene() {
        IModularFeatures::Get().found[ILiveLinkClient::ModularFeatureName] = &live_link;
        actor.world = &world, world.game = &game, game.subsystems = {&subsystem};
        mesh(head, {"jawOpen", "mouthSmile_L", "belly"}), mesh(teeth, {"Teeth.JawOpen"});
        actor.add(&speaker);
        speaker.OnStarted.listen([this] { ++started; });
        speaker.OnFinished.listen([this] { ++finished; });
        speaker.OnProblem.listen([](const FString& text) { std::cout << "problem " << stub::to_utf8(*text) << "\n"; });
    }

    void run(std::istringstream& words) {
        std::string command, text;
        double a = 0;
        words >> command;
        if (command == "load") words >> text, load(text);
        if (command == "import") words >> text, import(text);
        if (command == "play") words >> a, play(a);
        if (command == "begin") words >> a, begin(a);
        if (command == "pcm") words >> text >> a, pcm(text, a);
        if (command == "turn") turn(words);
        if (command == "connect") words >> text, connect(text);
        if (command == "connected") std::cout << subsystem.IsConnected() << "\n";
        if (command == "step") words >> a, step(a), show();
        if (command == "stop") speaker.StopSpeaking();
        if (command == "pause") words >> a, speaker.PauseSpeaking(a > 0);
        if (command == "end") speaker.EndPlay(EEndPlayReason::Destroyed), show();
        if (command == "audio") actor.add(&audio);
        if (command == "silent") player()->silent = true;
        if (command == "pitch") words >> a, player()->PitchMultiplier = static_cast<float>(a);
        if (command == "seek") words >> a, player()->at = a;
        if (command == "kill_sound") player()->finish();
        if (command == "subject") words >> text, speaker.LiveLinkSubject = FName(text.c_str());
        if (command == "live_link") words >> text, print_subject(FName(text.c_str()));
        if (command == "factory") factory();
        if (command == "deinitialize") subsystem.Deinitialize();
    }

private:
    void mesh(USkeletalMeshComponent& component, std::initializer_list<const char*> names) {
        component.mesh = NewObject<USkeletalMesh>(&actor);
        for (const char* name : names) component.mesh->morphs.Add(NewObject<UMorphTarget>(component.mesh, nullptr, FName(name)));
        actor.add(&component);
    }

    UAudioComponent* player() { return actor.FindComponentByClass<UAudioComponent>() ? actor.FindComponentByClass<UAudioComponent>() : made(); }

    /// The component that the speaker made for itself: the newest object of its kind.
    UAudioComponent* made() {
        for (auto one = stub::objects.rbegin(); one != stub::objects.rend(); ++one) {
            if (auto* found = dynamic_cast<UAudioComponent*>(one->get())) return found;
        }
        return &audio;
    }

    void load(const std::string& path) {
        FString problem;
        clip = USpaceClip::LoadSpaceClip(FString(stub::to_utf16(path.c_str()).c_str()), problem);
        std::cout << (clip ? "loaded " + std::to_string(clip->GetSeconds()) : "refused " + stub::to_utf8(*problem)) << "\n";
    }

    void import(const std::string& path) {
        TArray<uint8> bytes;
        FFeedbackContext warn;
        USpaceClipFactory importer;
        FFileHelper::LoadFileToArray(bytes, stub::to_utf16(path.c_str()).c_str());
        const uint8* first = bytes.GetData();
        UObject* made = importer.FactoryCreateBinary(
            importer.SupportedClass, &actor, FName("line"), RF_Public, nullptr, TEXT("spaceclip"), first, first + bytes.Num(), &warn);
        clip = static_cast<USpaceClip*>(made);
        std::cout << (made ? "imported " + stub::to_utf8(*made->GetName()) : "refused " + stub::log_lines.back()) << "\n";
    }

    USoundWave* sound_of(double seconds) {
        sound = seconds > 0 ? NewObject<USoundWave>(&actor) : nullptr;
        if (sound) sound->seconds = static_cast<float>(seconds);
        return sound;
    }

    void play(double seconds) { std::cout << speaker.PlayClip(clip, sound_of(seconds)) << "\n"; }

    void begin(double seconds) {
        speaker.Clip = clip, speaker.Sound = sound_of(seconds);
        speaker.BeginPlay();
    }

    /// Speaks a file of bare samples.
    void pcm(const std::string& path, double rate) {
        TArray<uint8> bytes;
        FFileHelper::LoadFileToArray(bytes, stub::to_utf16(path.c_str()).c_str());
        std::cout << speaker.SpeakPcm(bytes, static_cast<int32>(rate)) << "\n";
    }

    void turn(std::istringstream& words) {
        std::string yaw, pitch, roll;  // as text, since a stream reads no nan
        words >> yaw >> pitch >> roll;
        speaker.SetHeadOffset(std::stof(yaw), std::stof(pitch), std::stof(roll));
    }

    void connect(const std::string& endpoint) {
        FString problem;
        const bool fine = subsystem.Connect(FString(stub::to_utf16(endpoint.c_str()).c_str()), false, problem);
        std::cout << fine << " " << stub::to_utf8(*problem) << "\n";
    }

    void step(double dt) {
        player()->mix(dt);
        FPlatformTime::now += dt;
        speaker.TickComponent(static_cast<float>(dt), LEVELTICK_All, nullptr);
    }

    void show() {
        const FRotator turned = speaker.GetHeadRotation(), left = speaker.GetEyeRotation(true);
        std::cout << speaker.IsSpeaking() << " " << speaker.GetLineSeconds() << " " << player()->at << " " << head.weights["jawOpen"] << " "
                  << teeth.weights["Teeth.JawOpen"] << " " << head.weights.count("belly") << " " << head.weights["mouthSmile_L"] << " "
                  << speaker.GetWeight(FName("JawOpen")) << " " << turned.Yaw << " " << turned.Pitch << " " << left.Yaw << " " << started
                  << " " << finished << " " << live_link.frames << " " << player()->playing << "\n";
    }

    void print_subject(const FName& subject) {
        for (const FName& name : live_link.names[subject]) std::cout << stub::to_utf8(*name.ToString()) << " ";
        for (const float value : live_link.values[subject]) std::cout << value << " ";
        std::cout << live_link.sources.size() << "\n";
    }

    void factory() {
        USpaceLiveLinkSourceFactory made;
        const auto source = made.CreateSource(FString());
        std::cout << stub::to_utf8(*made.GetSourceDisplayName().ToString()) << " " << source->IsSourceStillValid() << " ";
        live_link.AddSource(source);
        std::cout << source->IsSourceStillValid() << " " << stub::to_utf8(*source->GetSourceStatus().ToString()) << "\n";
    }

    ILiveLinkClient live_link;
    UGameInstance game;
    UWorld world;
    AActor actor;
    USkeletalMeshComponent head, teeth;
    UAudioComponent audio;
    USpaceSubsystem subsystem;
    USpaceSpeakerComponent speaker;
    USpaceClip* clip = nullptr;
    USoundWave* sound = nullptr;
    int started = 0, finished = 0;
};

}  // namespace

int main() {
    Scene scene;
    std::cout.precision(9);
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        scene.run(words);
        std::cout.flush();
    }
}
