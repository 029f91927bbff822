// Not compiled in Unreal by its authors; checked against its documentation and stand-in headers: docs/unreal.md.
#include "SpaceLiveLinkSourceFactory.h"

#include "SpaceLiveLinkSource.h"

FText USpaceLiveLinkSourceFactory::GetSourceDisplayName() const
{
	return FText::FromString(TEXT("SPACE"));
}

FText USpaceLiveLinkSourceFactory::GetSourceTooltip() const
{
	return FText::FromString(TEXT("Faces of the game's own speakers"));
}

ULiveLinkSourceFactory::EMenuType USpaceLiveLinkSourceFactory::GetMenuType() const
{
	return EMenuType::MenuEntry;
}

TSharedPtr<ILiveLinkSource> USpaceLiveLinkSourceFactory::CreateSource(const FString& ConnectionString) const
{
	return FSpaceLiveLinkSource::Make();
}
