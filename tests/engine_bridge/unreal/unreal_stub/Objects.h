// Stand-in for CoreUObject. Objects live until the program ends.
#pragma once

#include "Core.h"

#define UCLASS(...)
#define UPROPERTY(...)
#define UFUNCTION(...)
#define SPACERUNTIME_API

enum EObjectFlags { RF_NoFlags = 0, RF_Public = 1 };

class UClass {};

class UObject {
public:
    virtual ~UObject() = default;
    FString GetName() const { return name.ToString(); }
    FName GetFName() const { return name; }
    FName name;
};

class UPackage : public UObject {};
inline UPackage* GetTransientPackage() {
    static UPackage package;
    return &package;
}

namespace stub {
inline std::vector<std::unique_ptr<UObject>> objects;
template <class T> UClass* class_of() {
    static UClass made;
    return &made;
}
}  // namespace stub

template <class T> T* NewObject(UObject*, UClass* = nullptr, FName name = FName(), EObjectFlags = RF_NoFlags) {
    stub::objects.push_back(std::make_unique<T>());
    stub::objects.back()->name = name;
    return static_cast<T*>(stub::objects.back().get());
}

template <class T> class TObjectPtr {
public:
    TObjectPtr() = default;
    TObjectPtr(T* object) : object_(object) {}  // NOLINT: as Unreal's
    template <class U> TObjectPtr(const TObjectPtr<U>& other) : object_(other.Get()) {}  // NOLINT
    operator T*() const { return object_; }  // NOLINT
    T* operator->() const { return object_; }
    T* Get() const { return object_; }

private:
    T* object_ = nullptr;
};

template <class T> class TWeakObjectPtr {
public:
    TWeakObjectPtr(T* object = nullptr) : object_(object) {}  // NOLINT: as Unreal's
    T* Get() const { return object_; }

private:
    T* object_;
};
