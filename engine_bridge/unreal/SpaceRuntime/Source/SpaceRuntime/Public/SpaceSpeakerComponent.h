// Not compiled in Unreal by its authors; checked against its documentation and stand-in headers: docs/unreal.md.
#pragma once

#include "CoreMinimal.h"

#include "Components/ActorComponent.h"

#include "SpaceSpeakerComponent.generated.h"

class FSpaceLine;
class UAudioComponent;
class USoundWave;
class USoundWaveProcedural;
class USpaceClip;
class USpaceSubsystem;
struct FSpaceSpeakerState;

DECLARE_DYNAMIC_MULTICAST_DELEGATE(FSpaceLineEvent);
DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(FSpaceProblemEvent, const FString&, Problem);

/**
 * Speaks: plays a sound and shows its face, in step with what is heard. The face is that of a baked clip or comes from a
 * server. It is set on the morph targets of the actor's meshes, and shown in Live Link if a subject is named.
 */
UCLASS(ClassGroup = (Space), meta = (BlueprintSpawnableComponent))
class SPACERUNTIME_API USpaceSpeakerComponent : public UActorComponent
{
	GENERATED_BODY()

public:
	USpaceSpeakerComponent();

	/** The clip that is played at the begin. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "SPACE")
	TObjectPtr<USpaceClip> Clip;

	/** The sound from which it was baked; without one the clip runs along the game's clock. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "SPACE")
	TObjectPtr<USoundWave> Sound;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "SPACE")
	bool bPlayOnBegin = true;

	/** Sets the morph targets of the actor's skeletal meshes that are called as the weights. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "SPACE")
	bool bDriveMorphTargets = true;

	/** Subject in Live Link, for MetaHumans; None: not shown there. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "SPACE")
	FName LiveLinkSubject;

	/** Emotion of spoken lines, a label of the server: "happy". None: neutral. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "SPACE")
	FName Emotion;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "SPACE", meta = (ClampMin = "0", ClampMax = "1"))
	float EmotionIntensity = 0.7f;

	/** Style of spoken lines: articulate, mumble, reader_man, reader_woman, orator. None: the mean of all people. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "SPACE")
	FName Style;

	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "SPACE", meta = (ClampMin = "0", ClampMax = "1"))
	float StyleWeight = 1.0f;

	/** Degrees by which the head of spoken lines is turned beside its motion: + is the character's left. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "SPACE", meta = (ClampMin = "-25", ClampMax = "25"))
	float HeadYaw = 0.0f;

	/** The same up and down: + is down. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "SPACE", meta = (ClampMin = "-15", ClampMax = "15"))
	float HeadPitch = 0.0f;

	/** The same tilted: + is to the character's right shoulder. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "SPACE", meta = (ClampMin = "-20", ClampMax = "20"))
	float HeadRoll = 0.0f;

	/** Seconds after which a spoken line is heard without a face, if its server is away. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "SPACE")
	float Patience = 1.0f;

	/** Seconds by which the mixer takes queued sound earlier than it is heard; of spoken lines alone. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "SPACE")
	float SoundAheadSeconds = 0.05f;

	UPROPERTY(BlueprintAssignable, Category = "SPACE")
	FSpaceLineEvent OnStarted;

	UPROPERTY(BlueprintAssignable, Category = "SPACE")
	FSpaceLineEvent OnFinished;

	UPROPERTY(BlueprintAssignable, Category = "SPACE")
	FSpaceProblemEvent OnProblem;

	/** Plays a clip with its sound, which may be none. The line before ends. */
	UFUNCTION(BlueprintCallable, Category = "SPACE")
	bool PlayClip(USpaceClip* InClip, USoundWave* InSound);

	/** Speaks sound that a program made: 16 bit, mono. A server makes the face (space-runtime serve). */
	UFUNCTION(BlueprintCallable, Category = "SPACE")
	bool SpeakPcm(const TArray<uint8>& Pcm, int32 SampleRate);

	/** Changes the emotion, also of the spoken line that runs. */
	UFUNCTION(BlueprintCallable, Category = "SPACE")
	void SetEmotion(FName InEmotion, float Intensity);

	/** Sets the constant offset of the head beside its motion, also in the spoken line that runs; degrees, see HeadYaw. */
	UFUNCTION(BlueprintCallable, Category = "SPACE")
	void SetHeadOffset(float Yaw, float Pitch, float Roll);

	/** Ends the sound at once, the face within 0.3 s. */
	UFUNCTION(BlueprintCallable, Category = "SPACE")
	void StopSpeaking();

	UFUNCTION(BlueprintCallable, Category = "SPACE")
	void PauseSpeaking(bool bHold);

	UFUNCTION(BlueprintPure, Category = "SPACE")
	bool IsSpeaking() const;

	/** Position in the line. */
	UFUNCTION(BlueprintPure, Category = "SPACE")
	float GetLineSeconds() const;

	/** A weight, 0 to 1, by ARKit's name. */
	UFUNCTION(BlueprintPure, Category = "SPACE")
	float GetWeight(FName Shape) const;

	/** Turns from rest, for Transform (Modify) Bone in component space of a character that faces +x. */
	UFUNCTION(BlueprintPure, Category = "SPACE")
	FRotator GetHeadRotation() const;

	/** Of an eye in the head. */
	UFUNCTION(BlueprintPure, Category = "SPACE")
	FRotator GetEyeRotation(bool bLeft) const;

	virtual void BeginPlay() override;
	virtual void EndPlay(const EEndPlayReason::Type EndPlayReason) override;
	virtual void TickComponent(
		float DeltaTime, ELevelTick TickType, FActorComponentTickFunction* ThisTickFunction) override;

private:
	bool Report(const FString& Text);
	bool OpenSession();
	USpaceSubsystem* FindSubsystem() const;
	UAudioComponent* FindAudio();
	void ApplyControls();
	void Begin(const TSharedPtr<FSpaceLine>& Line);
	void End();
	void StartSound();
	void FollowSound();
	void LearnNames();
	void Show();
	void OnPlayed(const UAudioComponent* Player, const USoundWave* Wave, const float Share);
	void OnSoundFinished(UAudioComponent* Player);

	UPROPERTY(Transient)
	TObjectPtr<UAudioComponent> Audio;

	/** The sound of the line, and that of a spoken one. */
	UPROPERTY(Transient)
	TObjectPtr<USoundWave> LineSound;

	UPROPERTY(Transient)
	TObjectPtr<USoundWaveProcedural> Queued;

	TSharedPtr<FSpaceSpeakerState> State;
};
