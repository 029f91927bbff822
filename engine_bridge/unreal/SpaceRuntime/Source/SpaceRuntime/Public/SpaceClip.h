// Not compiled in Unreal by its authors; checked against its documentation and stand-in headers: docs/unreal.md.
#pragma once

#include "CoreMinimal.h"
#include "UObject/Object.h"

#include "SpaceClip.generated.h"

namespace space
{
class Clip;
}

/** A baked clip, a .spaceclip: the face of a line, frame by frame. Dropped into the content browser, or read from a file. */
UCLASS(BlueprintType)
class SPACERUNTIME_API USpaceClip : public UObject
{
	GENERATED_BODY()

public:
	/** Reads a file. Null if it cannot be read; Problem says why. */
	UFUNCTION(BlueprintCallable, Category = "SPACE")
	static USpaceClip* LoadSpaceClip(const FString& Path, FString& Problem);

	/** Takes a file's bytes. False if they are no clip; Problem says why, and this stays as it was. */
	bool SetFile(const TArray<uint8>& Bytes, FString& Problem);

	/** Media time of the last frame; 0 if there is none. */
	UFUNCTION(BlueprintPure, Category = "SPACE")
	float GetSeconds();

	/** The clip that is read; null if there is none. */
	TSharedPtr<space::Clip> Read();

private:
	/** The file. */
	UPROPERTY()
	TArray<uint8> File;

	TSharedPtr<space::Clip> Clip;
};
