// Not compiled in Unreal by its authors; checked against its documentation and stand-in headers: docs/unreal.md.
#pragma once

#include "CoreMinimal.h"
#include "space/client.hpp"

class USpaceSpeakerComponent;

/** The controls of spoken lines that a speaker's properties ask for, and the texts that they point to. */
class FSpaceSpeakerControls
{
public:
	explicit FSpaceSpeakerControls(const USpaceSpeakerComponent& Speaker);
	FSpaceSpeakerControls(const FSpaceSpeakerControls&) = delete;
	FSpaceSpeakerControls& operator=(const FSpaceSpeakerControls&) = delete;

	const space::Controls& Get() const { return Values; }

private:
	space::Controls Values;
	std::string Emotion;
	std::string Style;
};
