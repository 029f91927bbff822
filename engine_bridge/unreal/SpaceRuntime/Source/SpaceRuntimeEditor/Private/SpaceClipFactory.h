// Not compiled in Unreal by its authors; checked against its documentation and stand-in headers: docs/unreal.md.
#pragma once

#include "CoreMinimal.h"
#include "Factories/Factory.h"

#include "SpaceClipFactory.generated.h"

/** Imports .spaceclip files that are dropped into the content browser. */
UCLASS()
class USpaceClipFactory : public UFactory
{
	GENERATED_BODY()

public:
	USpaceClipFactory();

	virtual UObject* FactoryCreateBinary(UClass* InClass, UObject* InParent, FName InName, EObjectFlags Flags,
		UObject* Context, const TCHAR* Type, const uint8*& Buffer, const uint8* BufferEnd, FFeedbackContext* Warn) override;
};
