// Stand-in for UnrealEd: asset factories.
#pragma once

#include "Objects.h"

class FFeedbackContext {
public:
    void Logf(ELogVerbosity::Type verbosity, const TCHAR* format, const TCHAR* first, const TCHAR* second) {
        stub::log(stub::to_utf8(first).c_str(), verbosity, format, second);
    }
};

class UFactory : public UObject {
public:
    virtual UObject* FactoryCreateBinary(UClass*, UObject*, FName, EObjectFlags, UObject*, const TCHAR*, const uint8*&,
        const uint8*, FFeedbackContext*) {
        return nullptr;
    }
    UClass* SupportedClass = nullptr;
    uint8 bCreateNew : 1 = 0;
    uint8 bEditorImport : 1 = 0;
    TArray<FString> Formats;
};
