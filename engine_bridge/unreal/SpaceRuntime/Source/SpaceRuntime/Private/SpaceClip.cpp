// Not compiled in Unreal by its authors; checked against its documentation and stand-in headers: docs/unreal.md.
#include "SpaceClip.h"

#include "Misc/FileHelper.h"
#include "UObject/Package.h"
#include "space/clip.hpp"

USpaceClip* USpaceClip::LoadSpaceClip(const FString& Path, FString& Problem)
{
	TArray<uint8> Bytes;
	if (!FFileHelper::LoadFileToArray(Bytes, *Path))
	{
		Problem = Path + TEXT(" cannot be read; is it there?");
		return nullptr;
	}
	USpaceClip* Made = NewObject<USpaceClip>(GetTransientPackage());
	return Made->SetFile(Bytes, Problem) ? Made : nullptr;
}

bool USpaceClip::SetFile(const TArray<uint8>& Bytes, FString& Problem)
{
	TSharedPtr<space::Clip> Made = MakeShared<space::Clip>();
	if (Made->read({Bytes.GetData(), static_cast<std::size_t>(Bytes.Num())}) != space::Status::ok)
	{
		Problem = UTF8_TO_TCHAR(space::last_error());
		return false;
	}
	File = Bytes;
	Clip = Made;
	return true;
}

float USpaceClip::GetSeconds()
{
	return Read().IsValid() ? static_cast<float>(Clip->seconds()) : 0.0f;
}

TSharedPtr<space::Clip> USpaceClip::Read()
{
	FString Problem;
	if (!Clip.IsValid() && File.Num() > 0) SetFile(TArray<uint8>(File), Problem);
	return Clip;
}
