// Not compiled in Unreal by its authors; checked against its documentation and stand-in headers: docs/unreal.md.
#include "SpaceLiveLinkSource.h"

#include "Features/IModularFeatures.h"
#include "HAL/PlatformTime.h"
#include "ILiveLinkClient.h"
#include "LiveLinkTypes.h"
#include "Roles/LiveLinkBasicRole.h"

namespace
{
TWeakPtr<FSpaceLiveLinkSource> Current;
}

TSharedPtr<FSpaceLiveLinkSource> FSpaceLiveLinkSource::Make()
{
	TSharedPtr<FSpaceLiveLinkSource> Made = MakeShared<FSpaceLiveLinkSource>();
	Current = Made;
	return Made;
}

TSharedPtr<FSpaceLiveLinkSource> FSpaceLiveLinkSource::FindOrAdd()
{
	TSharedPtr<FSpaceLiveLinkSource> Found = Current.Pin();
	if (Found.IsValid() && Found->IsSourceStillValid()) return Found;
	IModularFeatures& Features = IModularFeatures::Get();
	if (!Features.IsModularFeatureAvailable(ILiveLinkClient::ModularFeatureName)) return nullptr;
	Found = Make();
	Features.GetModularFeature<ILiveLinkClient>(ILiveLinkClient::ModularFeatureName).AddSource(Found);
	return Found;
}

void FSpaceLiveLinkSource::Push(FName Subject, const space::LiveLinkValues& Values)
{
	if (!Client) return;
	if (!Subjects.Contains(Subject)) Describe(Subject);
	FLiveLinkFrameDataStruct Frame(FLiveLinkBaseFrameData::StaticStruct());
	FLiveLinkBaseFrameData* Data = Frame.Cast<FLiveLinkBaseFrameData>();
	Data->WorldTime = FLiveLinkWorldTime(FPlatformTime::Seconds());
	Data->PropertyValues.Append(Values.data(), static_cast<int32>(Values.size()));
	Client->PushSubjectFrameData_AnyThread(FLiveLinkSubjectKey(SourceGuid, Subject), MoveTemp(Frame));
}

void FSpaceLiveLinkSource::Describe(const FName& Subject)
{
	FLiveLinkStaticDataStruct Description(FLiveLinkBaseStaticData::StaticStruct());
	FLiveLinkBaseStaticData* Data = Description.Cast<FLiveLinkBaseStaticData>();
	for (const char* Name : space::kLiveLinkNames) Data->PropertyNames.Add(FName(Name));
	const FLiveLinkSubjectKey Key(SourceGuid, Subject);
	Client->PushSubjectStaticData_AnyThread(Key, ULiveLinkBasicRole::StaticClass(), MoveTemp(Description));
	Subjects.Add(Subject);
}

void FSpaceLiveLinkSource::ReceiveClient(ILiveLinkClient* InClient, FGuid InSourceGuid)
{
	Client = InClient;
	SourceGuid = InSourceGuid;
	Subjects.Reset();
}

bool FSpaceLiveLinkSource::IsSourceStillValid() const
{
	return Client != nullptr;
}

bool FSpaceLiveLinkSource::RequestSourceShutdown()
{
	Client = nullptr;
	Subjects.Reset();
	return true;
}

FText FSpaceLiveLinkSource::GetSourceType() const
{
	return FText::FromString(TEXT("SPACE"));
}

FText FSpaceLiveLinkSource::GetSourceMachineName() const
{
	return FText::FromString(TEXT("this game"));
}

FText FSpaceLiveLinkSource::GetSourceStatus() const
{
	return FText::FromString(Subjects.Num() > 0 ? TEXT("Active") : TEXT("Nobody has spoken yet"));
}
