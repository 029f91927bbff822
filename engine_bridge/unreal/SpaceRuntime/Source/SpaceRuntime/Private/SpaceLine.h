// Not compiled in Unreal by its authors; checked against its documentation and stand-in headers: docs/unreal.md.
#pragma once

#include "CoreMinimal.h"
#include "space/client.hpp"
#include "space/clip.hpp"
#include "space/playback.hpp"

/** One line: where it is in its sound, and its face there. Knows no engine beyond containers. */
class FSpaceLine
{
public:
	virtual ~FSpaceLine() = default;

	/** True if the sound has to begin now; said once. */
	virtual bool StartsSound() = 0;

	/** The player of the sound says where it is, in seconds. */
	virtual void Told(double Seconds) { Where.told(Seconds); }

	/** The face after so many seconds of the game; false: the line is over. */
	virtual bool Advance(double DeltaSeconds, double Pitch, space::Pose& Pose) = 0;

	/** Goes to rest, and is over then. */
	virtual void Stop() { Where.stop(); }

	void Pause(bool bHold) { Where.pause(bHold); }

	/** The sound has ended by itself, or somebody has stopped it. */
	void SoundEnded() { Where.sound_ended(); }

	/** All of the sound has been taken by the mixer. */
	void LeaveSound() { Where.leave_sound(); }

	double Seconds() const { return Where.seconds(); }

protected:
	space::Playback Where;
};

/** A baked clip beside its sound, which may be missing. */
class FSpaceClipLine final : public FSpaceLine
{
public:
	/** SoundSeconds: 0 if there is no sound. */
	FSpaceClipLine(const TSharedPtr<space::Clip>& InClip, double SoundSeconds);

	virtual bool StartsSound() override;
	virtual bool Advance(double DeltaSeconds, double Pitch, space::Pose& Pose) override;

private:
	TSharedPtr<space::Clip> Clip;
	bool bSounds;
};

/** Sound of 16 bit, mono, that is there in advance. A server makes its face; it begins when the first frames are there. */
class FSpaceSpokenLine final : public FSpaceLine
{
public:
	/** Patience: seconds after which the sound begins without a face. */
	FSpaceSpokenLine(
		const TSharedPtr<space::Session>& InSession, const TArray<uint8>& InPcm, int32 InRate, double InPatience);

	/** Begins the stream. False: last_error says why. */
	bool Begin(const space::Controls& Controls);
	/** Changes the controls from the position on that is heard. */
	void Set(const space::Controls& Controls) { Session->set(Controls); }

	virtual bool StartsSound() override;
	virtual bool Advance(double DeltaSeconds, double Pitch, space::Pose& Pose) override;
	virtual void Stop() override;

private:
	void Push();
	double Length() const { return Pcm.Num() / (2.0 * Rate); }
	bool IsOver(const space::Pose& Pose) const;

	TSharedPtr<space::Session> Session;
	std::uint64_t FramesBefore;
	TArray<uint8> Pcm;
	int32 Pushed = 0;
	int32 Rate;
	double Patience;
	double Waited = 0.0;
	bool bHeard = false;
	bool bComplete = false;
	bool bStopped = false;
};
