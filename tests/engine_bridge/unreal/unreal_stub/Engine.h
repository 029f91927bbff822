// Stand-in for the Engine module: actors, components, meshes, and sounds that a mixer plays in steps of its buffer.
#pragma once

#include <algorithm>

#include "Objects.h"

enum ELevelTick { LEVELTICK_All = 2 };
namespace EEndPlayReason {
enum Type { Destroyed, Quit };
}
struct FActorComponentTickFunction {
    bool bCanEverTick = false;
};

class FSubsystemCollectionBase {};
class USubsystem : public UObject {};
class UGameInstanceSubsystem : public USubsystem {
public:
    virtual void Initialize(FSubsystemCollectionBase&) {}
    virtual void Deinitialize() {}
};

class UGameInstance : public UObject {
public:
    template <class T> T* GetSubsystem() const {
        for (UGameInstanceSubsystem* one : subsystems) {
            if (T* found = dynamic_cast<T*>(one)) return found;
        }
        return nullptr;
    }
    std::vector<UGameInstanceSubsystem*> subsystems;
};

class UWorld : public UObject {
public:
    UGameInstance* GetGameInstance() const { return game; }
    UGameInstance* game = nullptr;
};

class AActor;
class UActorComponent : public UObject {
public:
    virtual void BeginPlay() {}
    virtual void EndPlay(const EEndPlayReason::Type) {}
    virtual void TickComponent(float, ELevelTick, FActorComponentTickFunction*) {}
    AActor* GetOwner() const { return owner; }
    UWorld* GetWorld() const;
    void RegisterComponent();
    FActorComponentTickFunction PrimaryComponentTick;
    uint8 bAutoActivate : 1 = 1;
    AActor* owner = nullptr;
};
class USceneComponent : public UActorComponent {
public:
    void SetupAttachment(USceneComponent* parent) { attached = parent; }
    USceneComponent* attached = nullptr;
};

class AActor : public UObject {
public:
    template <class T> T* FindComponentByClass() const {
        for (UActorComponent* one : components) {
            if (T* found = dynamic_cast<T*>(one)) return found;
        }
        return nullptr;
    }
    template <class T> void GetComponents(TArray<T*>& found) const {
        for (UActorComponent* one : components) {
            if (T* fits = dynamic_cast<T*>(one)) found.Add(fits);
        }
    }
    USceneComponent* GetRootComponent() const { return root; }
    void add(UActorComponent* one) { one->owner = this, components.push_back(one); }
    std::vector<UActorComponent*> components;
    USceneComponent* root = nullptr;
    UWorld* world = nullptr;
};
inline UWorld* UActorComponent::GetWorld() const { return owner ? owner->world : nullptr; }
inline void UActorComponent::RegisterComponent() {}

class UMorphTarget : public UObject {};
class USkeletalMesh : public UObject {
public:
    const TArray<TObjectPtr<UMorphTarget>>& GetMorphTargets() const { return morphs; }
    TArray<TObjectPtr<UMorphTarget>> morphs;
};
class USkinnedMeshComponent : public USceneComponent {};
class USkeletalMeshComponent : public USkinnedMeshComponent {
public:
    USkeletalMesh* GetSkeletalMeshAsset() const { return mesh; }
    void SetMorphTarget(FName shape, float value, bool bRemoveZeroWeight = true) {
        (void)bRemoveZeroWeight;
        weights[stub::to_utf8(*shape.ToString())] = value;
    }
    USkeletalMesh* mesh = nullptr;
    std::map<std::string, float> weights;
};

class USoundBase : public UObject {
public:
    virtual float GetDuration() const { return seconds; }
    float seconds = 0;
};
class USoundWave : public USoundBase {
public:
    void SetSampleRate(uint32 rate) { rate_ = rate; }
    int32 NumChannels = 1;
    uint32 rate_ = 0;
};
class USoundWaveProcedural : public USoundWave {
public:
    void QueueAudio(const uint8*, const int32 n) { queued += n; }
    int32 GetAvailableAudioByteCount() { return queued; }
    int32 queued = 0;
};

class UAudioComponent;
using FOnAudioPlaybackPercentNative = TMulticastDelegate<const UAudioComponent*, const USoundWave*, const float>;
using FOnAudioFinishedNative = TMulticastDelegate<UAudioComponent*>;

class UAudioComponent : public USceneComponent {
public:
    virtual void SetSound(USoundBase* sound) { sound_ = dynamic_cast<USoundWave*>(sound); }
    virtual void Play(const float StartTime = 0.0f) { at = StartTime, playing = true; }
    virtual void Stop() { finish(); }
    virtual bool IsPlaying() const { return playing; }
    void SetPaused(bool bPause) { bIsPaused = bPause; }
    FOnAudioPlaybackPercentNative OnAudioPlaybackPercentNative;
    FOnAudioFinishedNative OnAudioFinishedNative;
    float PitchMultiplier = 1.0f;
    uint8 bIsPaused : 1 = 0;

    /// The mixer's thread goes on: sound is taken, and told, in whole buffers.
    void mix(double dt) {
        if (!playing || bIsPaused || !sound_ || silent) return;
        at += dt * PitchMultiplier;
        const double step = 1024 / 48000.0, told = std::floor(at / step) * step;
        if (auto* queue = dynamic_cast<USoundWaveProcedural*>(sound_)) {
            taken = static_cast<int32>(told * queue->rate_) * 2;
            queue->queued = std::max(0, total(queue) - taken);
            return;
        }
        OnAudioPlaybackPercentNative.Broadcast(this, sound_, static_cast<float>(told / sound_->GetDuration()));
        if (at >= sound_->GetDuration()) finish();
    }
    void finish() {
        if (!playing) return;
        playing = false;
        OnAudioFinishedNative.Broadcast(this);
    }
    int32 total(USoundWaveProcedural* queue) {
        if (whole == 0) whole = queue->queued;
        return whole;
    }
    USoundWave* sound_ = nullptr;
    double at = 0;
    int32 taken = 0, whole = 0;
    bool playing = false, silent = false;
};
