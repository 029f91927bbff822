// Not compiled in Unreal by its authors; checked against its documentation and stand-in headers: docs/unreal.md.
#include "SpaceSpeakerControls.h"

#include "SpaceSpeakerComponent.h"
#include "space/unreal_axes.hpp"

namespace
{
void SetMix(std::optional<space::Mix>& Mix, const FName& Name, float Amount, std::string& Label)
{
	if (Name.IsNone()) return;
	Label = TCHAR_TO_UTF8(*Name.ToString().ToLower());
	Mix.emplace();
	Mix->emplace_back(Label, Amount);
}

/** Degrees as radians, within ±Limit whatever a script wrote to the property; 0 for no number. */
float ToRadians(float Degrees, float Limit)
{
	return FMath::IsNaN(Degrees) ? 0.0f : space::radians(FMath::Max(-Limit, FMath::Min(Limit, Degrees)));
}

space::FloatsOrNone<3> HeadOffset(const USpaceSpeakerComponent& Speaker)
{
	const space::Floats<3> Offset = {
		ToRadians(Speaker.HeadYaw, 25.0f), ToRadians(Speaker.HeadPitch, 15.0f), ToRadians(Speaker.HeadRoll, 20.0f)};
	return {Offset, Offset == space::Floats<3>{}};
}
}

FSpaceSpeakerControls::FSpaceSpeakerControls(const USpaceSpeakerComponent& Speaker)
{
	SetMix(Values.emotion, Speaker.Emotion, Speaker.EmotionIntensity, Emotion);
	SetMix(Values.style, Speaker.Style, Speaker.StyleWeight, Style);
	Values.head_offset = HeadOffset(Speaker);
}
