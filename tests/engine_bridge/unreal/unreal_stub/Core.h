// Stand-in for Unreal's Core module: as much of it as the plugin uses, with the signatures that Epic documents.
#pragma once

#include <cmath>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using uint8 = std::uint8_t;
using int32 = std::int32_t;
using uint32 = std::uint32_t;
using TCHAR = char16_t;
using ANSICHAR = char;

#define TEXT(text) u##text
// Names that Unreal's headers define and engine-free sources must therefore not use.
#define check(condition) ((void)(condition))
#define verify(condition) ((void)(condition))
#define PI (3.1415926535897932)
#define FORCEINLINE inline
#define INDEX_NONE (-1)

template <class T> std::remove_reference_t<T>&& MoveTemp(T&& value) { return static_cast<std::remove_reference_t<T>&&>(value); }

namespace stub {
std::string to_utf8(const TCHAR* text);
std::u16string to_utf16(const char* text);
inline std::vector<std::string> log_lines;
}  // namespace stub

class FTCHARToUTF8 {
public:
    explicit FTCHARToUTF8(const TCHAR* text) : text_(stub::to_utf8(text)) {}
    const ANSICHAR* Get() const { return text_.c_str(); }

private:
    std::string text_;
};
class FUTF8ToTCHAR {
public:
    explicit FUTF8ToTCHAR(const ANSICHAR* text) : text_(stub::to_utf16(text)) {}
    const TCHAR* Get() const { return text_.c_str(); }

private:
    std::u16string text_;
};
#define TCHAR_TO_UTF8(text) FTCHARToUTF8(text).Get()
#define UTF8_TO_TCHAR(text) FUTF8ToTCHAR(text).Get()

template <class T> class TArray {
public:
    TArray() = default;
    TArray(const T* first, int32 n) : items(first, first + n) {}
    int32 Num() const { return static_cast<int32>(items.size()); }
    T* GetData() { return items.data(); }
    const T* GetData() const { return items.data(); }
    int32 Add(const T& item) { return items.push_back(item), Num() - 1; }
    void Append(const T* first, int32 n) { items.insert(items.end(), first, first + n); }
    void Reset() { items.clear(); }
    void SetNumUninitialized(int32 n) { items.resize(static_cast<std::size_t>(n)); }
    T& operator[](int32 at) { return items.at(static_cast<std::size_t>(at)); }
    const T& operator[](int32 at) const { return items.at(static_cast<std::size_t>(at)); }
    auto begin() { return items.begin(); }
    auto end() { return items.end(); }
    auto begin() const { return items.begin(); }
    auto end() const { return items.end(); }

private:
    std::vector<T> items;
};

template <class T> class TSet {
public:
    void Add(const T& item) { items.insert(item); }
    bool Contains(const T& item) const { return items.count(item) > 0; }
    int32 Num() const { return static_cast<int32>(items.size()); }
    void Reset() { items.clear(); }

private:
    std::set<T> items;
};

class FString {
public:
    FString() = default;
    FString(const TCHAR* text) : text_(text) {}  // NOLINT: as Unreal's
    const TCHAR* operator*() const { return text_.c_str(); }
    FString operator+(const TCHAR* more) const { return FString((text_ + more).c_str()); }
    FString ToLower() const {
        FString lower = *this;
        for (TCHAR& c : lower.text_) c = c >= u'A' && c <= u'Z' ? static_cast<TCHAR>(c + 32) : c;
        return lower;
    }

private:
    std::u16string text_;
};

class FName {
public:
    FName() = default;
    FName(const ANSICHAR* text) : text_(text) {}         // NOLINT: as Unreal's
    FName(const TCHAR* text) : text_(stub::to_utf8(text)) {}  // NOLINT: as Unreal's
    bool IsNone() const { return text_.empty(); }
    FString ToString() const { return FString(stub::to_utf16(text_.c_str()).c_str()); }
    bool operator==(const FName& other) const { return ToLower() == other.ToLower(); }
    bool operator<(const FName& other) const { return ToLower() < other.ToLower(); }

private:
    std::string ToLower() const { return stub::to_utf8(*ToString().ToLower()); }
    std::string text_;
};

class FText {
public:
    static FText FromString(const FString& text) { return FText{text}; }
    const FString& ToString() const { return text; }
    FString text;
};

struct FGuid {
    uint32 A = 0;
};

struct FRotator {
    FRotator(double pitch, double yaw, double roll) : Pitch(pitch), Yaw(yaw), Roll(roll) {}
    double Pitch, Yaw, Roll;
};

struct FMath {
    template <class T> static T Min(T a, T b) { return a < b ? a : b; }
    template <class T> static T Max(T a, T b) { return a > b ? a : b; }
    static bool IsNaN(float value) { return std::isnan(value); }
    static float Frac(float value) { return value - std::floor(value); }
};

struct FPlatformTime {
    static double Seconds() { return now; }
    static inline double now = 0;
};

struct FFileHelper {
    static bool LoadFileToArray(TArray<uint8>& bytes, const TCHAR* path) {
        std::ifstream file(stub::to_utf8(path), std::ios::binary);
        const std::vector<char> read{std::istreambuf_iterator<char>(file), {}};
        bytes = TArray<uint8>(reinterpret_cast<const uint8*>(read.data()), static_cast<int32>(read.size()));
        return file.good() || file.eof();
    }
};

template <class T> class TSharedRef;
template <class T> class TSharedPtr {
public:
    TSharedPtr() = default;
    TSharedPtr(std::nullptr_t) {}  // NOLINT: as Unreal's
    template <class U> TSharedPtr(const TSharedPtr<U>& other) : held(other.held) {}  // NOLINT
    template <class U> TSharedPtr(const TSharedRef<U>& other) : held(other.held) {}  // NOLINT
    T* operator->() const { return held.get(); }
    T& operator*() const { return *held; }
    T* Get() const { return held.get(); }
    bool IsValid() const { return held != nullptr; }
    void Reset() { held.reset(); }
    template <class U> bool operator==(const TSharedPtr<U>& other) const { return held == other.held; }
    std::shared_ptr<T> held;
};
template <class T> class TSharedRef {
public:
    template <class U> TSharedRef(const TSharedRef<U>& other) : held(other.held) {}  // NOLINT
    explicit TSharedRef(std::shared_ptr<T> made) : held(std::move(made)) {}
    T* operator->() const { return held.get(); }
    std::shared_ptr<T> held;
};
template <class T> class TWeakPtr {
public:
    TWeakPtr() = default;
    TWeakPtr& operator=(const TSharedPtr<T>& other) { return held = other.held, *this; }
    TSharedPtr<T> Pin() const {
        TSharedPtr<T> found;
        found.held = held.lock();
        return found;
    }

private:
    std::weak_ptr<T> held;
};
template <class T, class... Values> TSharedRef<T> MakeShared(Values&&... values) {
    return TSharedRef<T>(std::make_shared<T>(std::forward<Values>(values)...));
}

template <class... Values> class TMulticastDelegate {
public:
    template <class T> int AddUObject(T* object, void (T::*method)(Values...)) {
        calls.emplace_back(object, [object, method](Values... values) { (object->*method)(values...); });
        return static_cast<int>(calls.size());
    }
    int32 RemoveAll(const void* object) {
        const std::size_t before = calls.size();
        std::erase_if(calls, [object](const auto& call) { return call.first == object; });
        return static_cast<int32>(before - calls.size());
    }
    void Broadcast(Values... values) const {
        const auto now = calls;
        for (const auto& call : now) call.second(values...);
    }
    void listen(std::function<void(Values...)> call) { calls.emplace_back(nullptr, std::move(call)); }

private:
    std::vector<std::pair<const void*, std::function<void(Values...)>>> calls;
};
#define DECLARE_DYNAMIC_MULTICAST_DELEGATE(Name) using Name = TMulticastDelegate<>
#define DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(Name, Type, Parameter) using Name = TMulticastDelegate<Type>

#define DECLARE_LOG_CATEGORY_EXTERN(Name, Least, Compiled) extern const char* const Name
#define DEFINE_LOG_CATEGORY(Name) const char* const Name = #Name
namespace ELogVerbosity {
enum Type { Error, Warning, Log };
}
namespace stub {
inline void log(const char* category, ELogVerbosity::Type, const TCHAR*, const TCHAR* text) {
    log_lines.push_back(std::string(category) + ": " + to_utf8(text));
}
}  // namespace stub
#define UE_LOG(Category, Verbosity, Format, ...) stub::log(Category, ELogVerbosity::Verbosity, Format, __VA_ARGS__)

class FDefaultModuleImpl {};
#define IMPLEMENT_MODULE(Class, Name) extern "C" void implement_##Name() { Class made; (void)made; }

class IModularFeature {
public:
    virtual ~IModularFeature() = default;
};
class IModularFeatures {
public:
    static IModularFeatures& Get() {
        static IModularFeatures features;
        return features;
    }
    bool IsModularFeatureAvailable(const FName& type) const { return found.count(type) > 0; }
    template <class T> T& GetModularFeature(const FName& type) { return static_cast<T&>(*found.at(type)); }
    std::map<FName, IModularFeature*> found;
};
