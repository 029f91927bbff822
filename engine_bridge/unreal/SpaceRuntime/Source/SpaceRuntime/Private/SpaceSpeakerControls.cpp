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
}

FSpaceSpeakerControls::FSpaceSpeakerControls(const USpaceSpeakerComponent& Speaker)
{
	SetMix(Values.emotion, Speaker.Emotion, Speaker.EmotionIntensity, Emotion);
	SetMix(Values.style, Speaker.Style, Speaker.StyleWeight, Style);
	Values.head_offset.emplace();
	Values.head_offset->values = {
		space::radians(Speaker.HeadYaw), space::radians(Speaker.HeadPitch), space::radians(Speaker.HeadRoll)};
}
