// Stand-in for LiveLinkInterface: a client that keeps the newest frame of each subject.
#pragma once

#include "Objects.h"

class ILiveLinkClient;
class ILiveLinkSource {
public:
    virtual ~ILiveLinkSource() = default;
    virtual void ReceiveClient(ILiveLinkClient* client, FGuid guid) = 0;
    virtual bool IsSourceStillValid() const = 0;
    virtual bool RequestSourceShutdown() = 0;
    virtual FText GetSourceType() const = 0;
    virtual FText GetSourceMachineName() const = 0;
    virtual FText GetSourceStatus() const = 0;
};

class UScriptStruct {};
struct FLiveLinkWorldTime {
    FLiveLinkWorldTime() = default;
    explicit FLiveLinkWorldTime(const double time) : time_(time) {}
    double time_ = 0;
};
struct FLiveLinkBaseStaticData {
    static UScriptStruct* StaticStruct() {
        static UScriptStruct made;
        return &made;
    }
    TArray<FName> PropertyNames;
};
struct FLiveLinkBaseFrameData {
    static UScriptStruct* StaticStruct() {
        static UScriptStruct made;
        return &made;
    }
    TArray<float> PropertyValues;
    FLiveLinkWorldTime WorldTime;
};
template <class Base> class TLiveLinkDataStruct {
public:
    explicit TLiveLinkDataStruct(const UScriptStruct* type) : data_(type == Base::StaticStruct() ? new Base() : nullptr) {}
    TLiveLinkDataStruct(TLiveLinkDataStruct&&) = default;
    template <class T> T* Cast() {
        static_assert(std::is_same_v<T, Base>);
        return data_.get();
    }

private:
    std::unique_ptr<Base> data_;
};
using FLiveLinkStaticDataStruct = TLiveLinkDataStruct<FLiveLinkBaseStaticData>;
using FLiveLinkFrameDataStruct = TLiveLinkDataStruct<FLiveLinkBaseFrameData>;

struct FLiveLinkSubjectName {
    FLiveLinkSubjectName(FName name) : Name(name) {}  // NOLINT: as Unreal's
    FName Name;
};
struct FLiveLinkSubjectKey {
    FLiveLinkSubjectKey(FGuid source, FLiveLinkSubjectName name) : Source(source), SubjectName(name) {}
    FGuid Source;
    FLiveLinkSubjectName SubjectName;
};

template <class T> class TSubclassOf {
public:
    TSubclassOf(UClass* type) : type_(type) {}  // NOLINT: as Unreal's
    UClass* Get() const { return type_; }

private:
    UClass* type_;
};
class ULiveLinkRole : public UObject {};
class ULiveLinkBasicRole : public ULiveLinkRole {
public:
    static UClass* StaticClass() { return stub::class_of<ULiveLinkBasicRole>(); }
};

class ILiveLinkClient : public IModularFeature {
public:
    static inline FName ModularFeatureName = FName("ModularFeature_LiveLink");
    virtual FGuid AddSource(TSharedPtr<ILiveLinkSource> source) {
        sources.push_back(source);
        const FGuid guid{static_cast<uint32>(sources.size())};
        source->ReceiveClient(this, guid);
        return guid;
    }
    virtual void PushSubjectStaticData_AnyThread(
        const FLiveLinkSubjectKey& key, TSubclassOf<ULiveLinkRole> role, FLiveLinkStaticDataStruct&& data) {
        if (role.Get() == ULiveLinkBasicRole::StaticClass()) names[key.SubjectName.Name] = data.Cast<FLiveLinkBaseStaticData>()->PropertyNames;
    }
    virtual void PushSubjectFrameData_AnyThread(const FLiveLinkSubjectKey& key, FLiveLinkFrameDataStruct&& data) {
        values[key.SubjectName.Name] = data.Cast<FLiveLinkBaseFrameData>()->PropertyValues;
        ++frames;
    }
    std::vector<TSharedPtr<ILiveLinkSource>> sources;
    std::map<FName, TArray<FName>> names;
    std::map<FName, TArray<float>> values;
    int frames = 0;
};

class ULiveLinkSourceFactory : public UObject {
public:
    enum class EMenuType { SubPanel, MenuEntry, Disabled };
    virtual FText GetSourceDisplayName() const = 0;
    virtual FText GetSourceTooltip() const = 0;
    virtual EMenuType GetMenuType() const { return EMenuType::Disabled; }
    virtual TSharedPtr<ILiveLinkSource> CreateSource(const FString&) const { return nullptr; }
};
