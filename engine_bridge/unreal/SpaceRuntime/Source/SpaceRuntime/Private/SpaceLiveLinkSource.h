// Not compiled in Unreal by its authors; checked against its documentation and stand-in headers: docs/unreal.md.
#pragma once

#include "CoreMinimal.h"
#include "ILiveLinkSource.h"
#include "space/live_link.hpp"

/** Speakers as subjects of Live Link: the base role with the 61 properties of Live Link Face. One for the whole game. */
class FSpaceLiveLinkSource final : public ILiveLinkSource
{
public:
	/** The source that is in Live Link; added if there is none. Null without Live Link. */
	static TSharedPtr<FSpaceLiveLinkSource> FindOrAdd();

	/** A source that is not yet in Live Link. */
	static TSharedPtr<FSpaceLiveLinkSource> Make();

	/** Shows a face as a subject. */
	void Push(FName Subject, const space::LiveLinkValues& Values);

	virtual void ReceiveClient(ILiveLinkClient* InClient, FGuid InSourceGuid) override;
	virtual bool IsSourceStillValid() const override;
	virtual bool RequestSourceShutdown() override;
	virtual FText GetSourceType() const override;
	virtual FText GetSourceMachineName() const override;
	virtual FText GetSourceStatus() const override;

private:
	void Describe(const FName& Subject);

	ILiveLinkClient* Client = nullptr;
	FGuid SourceGuid;
	TSet<FName> Subjects;
};
