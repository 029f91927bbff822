// Not compiled in Unreal by its authors; checked against its documentation and stand-in headers: docs/unreal.md.
#include "SpaceLine.h"

#include <limits>

namespace
{
constexpr int32 BytesPerPush = 16384;
constexpr double LongestEnd = 1.0; // seconds after the sound in which a face comes to rest
}

FSpaceClipLine::FSpaceClipLine(const TSharedPtr<space::Clip>& InClip, double SoundSeconds)
	: Clip(InClip), bSounds(SoundSeconds > 0.0)
{
	Where.begin(SoundSeconds);
}

bool FSpaceClipLine::StartsSound()
{
	const bool bStarts = bSounds;
	bSounds = false;
	return bStarts;
}

bool FSpaceClipLine::Advance(double DeltaSeconds, double Pitch, space::Pose& Pose)
{
	Where.advance(DeltaSeconds, Pitch);
	Clip->sample(Where.seconds(), Pose, Where.strength());
	return Where.is_running() && Pose.state != space::State::resting;
}

FSpaceSpokenLine::FSpaceSpokenLine(
	const TSharedPtr<space::Session>& InSession, const TArray<uint8>& InPcm, int32 InRate, double InPatience)
	: Session(InSession), FramesBefore(InSession->counts().frames.taken), Pcm(InPcm), Rate(InRate), Patience(InPatience)
{
}

bool FSpaceSpokenLine::Begin(const space::Controls& Controls)
{
	space::StreamOptions Options;
	Options.rate = static_cast<std::uint32_t>(Rate);
	Options.pace = space::Pace::clip;
	Options.controls = Controls;
	return Session->start(Options) == space::Status::ok;
}

void FSpaceSpokenLine::Push()
{
	while (Pushed < Pcm.Num())
	{
		const int32 Size = FMath::Min(BytesPerPush, Pcm.Num() - Pushed);
		if (Session->push(Pcm.GetData() + Pushed, static_cast<std::size_t>(Size)) != space::Status::ok) return;
		Pushed += Size;
	}
	if (!bComplete) bComplete = Session->end() == space::Status::ok;
}

bool FSpaceSpokenLine::StartsSound()
{
	const bool bCame = Session->counts().frames.taken > FramesBefore;
	if (bHeard || (!bCame && Waited < Patience && Session->is_open())) return false;
	bHeard = true;
	Waited = 0.0;
	Where.begin(Length());
	return true;
}

bool FSpaceSpokenLine::Advance(double DeltaSeconds, double Pitch, space::Pose& Pose)
{
	Push();
	const bool bAtEnd = Where.seconds() >= Length();
	if (!bHeard || bAtEnd || bStopped) Waited += DeltaSeconds;
	if (bHeard && !bStopped) Where.advance(DeltaSeconds, Pitch);
	const double Position = bHeard ? Where.seconds() * Rate : std::numeric_limits<double>::quiet_NaN();
	Session->evaluate(Position, DeltaSeconds, Pose);
	return !bHeard || !(bAtEnd || bStopped) || !IsOver(Pose);
}

void FSpaceSpokenLine::Stop()
{
	bHeard = bStopped = true;
	Waited = 0.0;
	Session->interrupt();
}

bool FSpaceSpokenLine::IsOver(const space::Pose& Pose) const
{
	const bool bRests = Pose.state == space::State::resting || Pose.state == space::State::waiting;
	return bRests || Waited > LongestEnd;
}
