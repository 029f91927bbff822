// Not compiled in Unreal by its authors; checked against its documentation and stand-in headers: docs/unreal.md.
#pragma once

#include "CoreMinimal.h"
#include "LiveLinkSourceFactory.h"

#include "SpaceLiveLinkSourceFactory.generated.h"

/** "SPACE" in the list of sources of the Live Link window, for those who set subjects up before anybody speaks. */
UCLASS()
class SPACERUNTIME_API USpaceLiveLinkSourceFactory : public ULiveLinkSourceFactory
{
	GENERATED_BODY()

public:
	virtual FText GetSourceDisplayName() const override;
	virtual FText GetSourceTooltip() const override;
	virtual EMenuType GetMenuType() const override;
	virtual TSharedPtr<ILiveLinkSource> CreateSource(const FString& ConnectionString) const override;
};
