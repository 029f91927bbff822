// Not compiled in Unreal by its authors; checked against its documentation and stand-in headers: docs/unreal.md.
#include "SpaceSpeakerComponent.h"

#include "Components/AudioComponent.h"
#include "Engine/GameInstance.h"
#include "Engine/World.h"
#include "GameFramework/Actor.h"
#include "Sound/SoundWave.h"
#include "Sound/SoundWaveProcedural.h"
#include "SpaceClip.h"
#include "SpaceLine.h"
#include "SpaceLiveLinkSource.h"
#include "SpaceMeshes.h"
#include "SpaceSpeakerControls.h"
#include "SpaceSubsystem.h"
#include "space/unreal_axes.hpp"

/** Private members of a speaker, which Unreal's headers need not know. */
struct FSpaceSpeakerState
{
	TSharedPtr<space::Client> Client;
	TSharedPtr<space::Session> Session;
	TSharedPtr<space::Clip> Clip;
	TSharedPtr<FSpaceLine> Line;
	TSharedPtr<FSpaceSpokenLine> Spoken;
	TArray<uint8> Pcm;
	int32 SampleRate = 0;
	std::vector<std::string> Names;
	space::Pose Pose;
	space::LiveLinkFace LiveLink;
	FSpaceMeshes Meshes;
};

namespace
{
FRotator RotatorOf(float Yaw, float Pitch, float Roll)
{
	const space::UnrealRotation Turned = space::unreal_rotation(Yaw, Pitch, Roll);
	return FRotator(Turned.pitch, Turned.yaw, Turned.roll);
}
}

USpaceSpeakerComponent::USpaceSpeakerComponent() : State(MakeShared<FSpaceSpeakerState>())
{
	PrimaryComponentTick.bCanEverTick = true;
}

void USpaceSpeakerComponent::BeginPlay()
{
	Super::BeginPlay();
	if (bPlayOnBegin && Clip) PlayClip(Clip, Sound);
}

void USpaceSpeakerComponent::EndPlay(const EEndPlayReason::Type EndPlayReason)
{
	End();
	if (Audio)
	{
		Audio->OnAudioPlaybackPercentNative.RemoveAll(this);
		Audio->OnAudioFinishedNative.RemoveAll(this);
	}
	Super::EndPlay(EndPlayReason);
}

bool USpaceSpeakerComponent::PlayClip(USpaceClip* InClip, USoundWave* InSound)
{
	const TSharedPtr<space::Clip> Face = InClip ? InClip->Read() : nullptr;
	if (!Face.IsValid()) return Report(TEXT("there is no clip to play: import a .spaceclip"));
	End();
	State->Clip = Face;
	LineSound = InSound;
	Begin(MakeShared<FSpaceClipLine>(Face, InSound ? InSound->GetDuration() : 0.0f));
	return true;
}

bool USpaceSpeakerComponent::SpeakPcm(const TArray<uint8>& Pcm, int32 SampleRate)
{
	if (Pcm.Num() < 2 || Pcm.Num() % 2 != 0) return Report(TEXT("the sound is not 16 bit, mono"));
	if (!OpenSession()) return Report(TEXT("there is no game to speak in"));
	End();
	const FSpaceSpeakerControls Controls(*this);
	const TSharedPtr<FSpaceSpokenLine> Line = MakeShared<FSpaceSpokenLine>(State->Session, Pcm, SampleRate, Patience);
	if (!Line->Begin(Controls.Get())) return Report(UTF8_TO_TCHAR(space::last_error()));
	State->Spoken = Line;
	State->Pcm = Pcm;
	State->SampleRate = SampleRate;
	Begin(Line);
	return true;
}

USpaceSubsystem* USpaceSpeakerComponent::FindSubsystem() const
{
	UGameInstance* Game = GetWorld() ? GetWorld()->GetGameInstance() : nullptr;
	return Game ? Game->GetSubsystem<USpaceSubsystem>() : nullptr;
}

/** The session stays for the lines that follow, and is another one where the client is another one. */
bool USpaceSpeakerComponent::OpenSession()
{
	USpaceSubsystem* Subsystem = FindSubsystem();
	const TSharedPtr<space::Client> Client = Subsystem ? Subsystem->GetClient() : nullptr;
	if (!Client.IsValid()) return false;
	if (State->Client == Client && State->Session.IsValid() && State->Session->is_open()) return true;
	space::SessionOptions Options;
	Options.playout_ms = 0; // the sound is there in advance
	State->Client = Client;
	State->Session = MakeShared<space::Session>(Client->open(Options));
	return true;
}

void USpaceSpeakerComponent::SetEmotion(FName InEmotion, float Intensity)
{
	Emotion = InEmotion;
	EmotionIntensity = Intensity;
	ApplyControls();
}

void USpaceSpeakerComponent::SetHeadOffset(float Yaw, float Pitch, float Roll)
{
	HeadYaw = Yaw;
	HeadPitch = Pitch;
	HeadRoll = Roll;
	ApplyControls();
}

/** Tells the spoken line that runs. */
void USpaceSpeakerComponent::ApplyControls()
{
	if (!State->Spoken.IsValid()) return;
	const FSpaceSpeakerControls Controls(*this);
	State->Spoken->Set(Controls.Get());
}

bool USpaceSpeakerComponent::Report(const FString& Text)
{
	UE_LOG(LogSpace, Warning, TEXT("%s"), *Text);
	OnProblem.Broadcast(Text);
	return false;
}

void USpaceSpeakerComponent::Begin(const TSharedPtr<FSpaceLine>& Line)
{
	State->Line = Line;
	State->Names.clear();
	OnStarted.Broadcast();
}

/** The line ends at once; the face is at rest. */
void USpaceSpeakerComponent::End()
{
	if (!State->Line.IsValid()) return;
	State->Line.Reset();
	State->Spoken.Reset();
	if (Audio) Audio->Stop();
	LineSound = nullptr;
	Queued = nullptr;
	State->Pose = space::Pose();
	Show();
	OnFinished.Broadcast();
}

void USpaceSpeakerComponent::StopSpeaking()
{
	if (!State->Line.IsValid()) return;
	State->Line->Stop();
	if (Audio) Audio->Stop();
	Queued = nullptr;
}

void USpaceSpeakerComponent::PauseSpeaking(bool bHold)
{
	if (State->Line.IsValid()) State->Line->Pause(bHold);
	if (Audio) Audio->SetPaused(bHold);
}

bool USpaceSpeakerComponent::IsSpeaking() const
{
	return State->Line.IsValid();
}

float USpaceSpeakerComponent::GetLineSeconds() const
{
	return State->Line.IsValid() ? static_cast<float>(State->Line->Seconds()) : 0.0f;
}

float USpaceSpeakerComponent::GetWeight(FName Shape) const
{
	for (std::size_t Place = 0; Place < State->Names.size(); ++Place)
	{
		if (Shape == FName(State->Names[Place].c_str())) return State->Pose.blendshapes[Place];
	}
	return 0.0f;
}

FRotator USpaceSpeakerComponent::GetHeadRotation() const
{
	const auto& Angles = State->Pose.head_rotation_rad;
	return RotatorOf(Angles[0], Angles[1], Angles[2]);
}

FRotator USpaceSpeakerComponent::GetEyeRotation(bool bLeft) const
{
	const auto& Angles = State->Pose.eye_rotation_rad;
	return bLeft ? RotatorOf(Angles[0], Angles[1], 0.0f) : RotatorOf(Angles[2], Angles[3], 0.0f);
}

void USpaceSpeakerComponent::TickComponent(
	float DeltaTime, ELevelTick TickType, FActorComponentTickFunction* ThisTickFunction)
{
	Super::TickComponent(DeltaTime, TickType, ThisTickFunction);
	if (!State->Line.IsValid()) return;
	if (State->Line->StartsSound()) StartSound();
	if (Audio && LineSound) State->Line->Pause(Audio->bIsPaused);
	FollowSound();
	const float Pitch = Audio ? Audio->PitchMultiplier : 1.0f;
	if (State->Line->Advance(DeltaTime, Pitch, State->Pose)) Show();
	else End();
}

UAudioComponent* USpaceSpeakerComponent::FindAudio()
{
	if (Audio) return Audio;
	AActor* Owner = GetOwner();
	Audio = Owner->FindComponentByClass<UAudioComponent>();
	if (!Audio)
	{
		Audio = NewObject<UAudioComponent>(Owner);
		Audio->bAutoActivate = false;
		Audio->SetupAttachment(Owner->GetRootComponent());
		Audio->RegisterComponent();
	}
	Audio->OnAudioPlaybackPercentNative.AddUObject(this, &USpaceSpeakerComponent::OnPlayed);
	Audio->OnAudioFinishedNative.AddUObject(this, &USpaceSpeakerComponent::OnSoundFinished);
	return Audio;
}

void USpaceSpeakerComponent::StartSound()
{
	UAudioComponent* Player = FindAudio();
	if (State->Spoken.IsValid())
	{
		Queued = NewObject<USoundWaveProcedural>(this);
		Queued->SetSampleRate(static_cast<uint32>(State->SampleRate));
		Queued->NumChannels = 1;
		Queued->QueueAudio(State->Pcm.GetData(), State->Pcm.Num());
		LineSound = Queued;
	}
	Player->SetSound(LineSound);
	Player->Play();
}

/** A spoken line is where the mixer has taken its sound; it is over when all of it has been taken. */
void USpaceSpeakerComponent::FollowSound()
{
	if (!State->Spoken.IsValid()) return;
	if (USpaceSubsystem* Subsystem = FindSubsystem()) Subsystem->LogEvents();
	if (!Queued) return;
	const int32 Left = Queued->GetAvailableAudioByteCount();
	const double Taken = (State->Pcm.Num() - Left) / (2.0 * State->SampleRate);
	State->Line->Told(FMath::Max(0.0, Taken - SoundAheadSeconds));
	if (Left <= 0) State->Line->LeaveSound();
}

/** Those of a server are known once it has been heard of. */
void USpaceSpeakerComponent::LearnNames()
{
	State->Names = State->Spoken.IsValid() ? State->Client->server().blendshapes : State->Clip->blendshapes();
	if (State->Names.empty()) return;
	State->LiveLink = space::LiveLinkFace(State->Names);
	if (bDriveMorphTargets && GetOwner()) State->Meshes.Bind(*GetOwner(), State->Names);
}

void USpaceSpeakerComponent::Show()
{
	if (State->Names.empty() && State->Line.IsValid()) LearnNames();
	if (bDriveMorphTargets) State->Meshes.Set(State->Pose.blendshapes.data());
	if (LiveLinkSubject.IsNone()) return;
	const TSharedPtr<FSpaceLiveLinkSource> Source = FSpaceLiveLinkSource::FindOrAdd();
	if (Source.IsValid()) Source->Push(LiveLinkSubject, State->LiveLink.values(State->Pose));
}

/** Share: samples played by samples of the sound, which goes on beyond 1 where a sound loops. */
void USpaceSpeakerComponent::OnPlayed(const UAudioComponent* Player, const USoundWave* Wave, const float Share)
{
	if (!State->Line.IsValid() || State->Spoken.IsValid() || Wave != LineSound.Get()) return;
	const float Within = Share > 1.0f ? FMath::Frac(Share) : Share;
	State->Line->Told(Within * Wave->GetDuration());
}

void USpaceSpeakerComponent::OnSoundFinished(UAudioComponent* Player)
{
	if (State->Line.IsValid() && !State->Spoken.IsValid() && !Player->IsPlaying()) State->Line->SoundEnded();
}
