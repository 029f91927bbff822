// Not compiled in Unreal by its authors; checked against its documentation and stand-in headers: docs/unreal.md.
#include "SpaceClipFactory.h"

#include "Misc/FeedbackContext.h"
#include "SpaceClip.h"

USpaceClipFactory::USpaceClipFactory()
{
	SupportedClass = USpaceClip::StaticClass();
	bEditorImport = true;
	bCreateNew = false;
	Formats.Add(TEXT("spaceclip;Face clip of the SPACE runtime"));
}

UObject* USpaceClipFactory::FactoryCreateBinary(UClass* InClass, UObject* InParent, FName InName, EObjectFlags Flags,
	UObject* Context, const TCHAR* Type, const uint8*& Buffer, const uint8* BufferEnd, FFeedbackContext* Warn)
{
	FString Problem;
	USpaceClip* Made = NewObject<USpaceClip>(InParent, InClass, InName, Flags);
	if (Made->SetFile(TArray<uint8>(Buffer, static_cast<int32>(BufferEnd - Buffer)), Problem)) return Made;
	Warn->Logf(ELogVerbosity::Error, TEXT("%s: %s"), *InName.ToString(), *Problem);
	return nullptr;
}
