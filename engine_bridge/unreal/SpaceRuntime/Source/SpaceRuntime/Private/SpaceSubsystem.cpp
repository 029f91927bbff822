// Not compiled in Unreal by its authors; checked against its documentation and stand-in headers: docs/unreal.md.
#include "SpaceSubsystem.h"

#include "space/client.hpp"

DEFINE_LOG_CATEGORY(LogSpace);

bool USpaceSubsystem::Connect(const FString& Endpoint, bool bAllowRemote, FString& Problem)
{
	space::ClientOptions Options;
	Options.endpoint = TCHAR_TO_UTF8(*Endpoint);
	Options.name = "space-unreal";
	Options.allow_remote = bAllowRemote;
	TSharedPtr<space::Client> Made = MakeShared<space::Client>(Options);
	if (!Made->is_valid())
	{
		Problem = UTF8_TO_TCHAR(Made->problem().c_str());
		return false;
	}
	Client = Made;
	return true;
}

bool USpaceSubsystem::IsConnected() const
{
	return Client.IsValid() && Client->is_connected();
}

FString USpaceSubsystem::GetProblem() const
{
	return Client.IsValid() ? UTF8_TO_TCHAR(Client->problem().c_str()) : TEXT("not connected yet");
}

TSharedPtr<space::Client> USpaceSubsystem::GetClient()
{
	FString Problem;
	if (!Client.IsValid()) Connect(TEXT("tcp://127.0.0.1:5570"), false, Problem);
	return Client;
}

void USpaceSubsystem::LogEvents()
{
	space::Event Event;
	while (Client.IsValid() && Client->next_event(Event))
	{
		const FString Text = UTF8_TO_TCHAR(Event.text.c_str());
		if (Event.kind == space::EventKind::error || Event.kind == space::EventKind::notice)
		{
			UE_LOG(LogSpace, Warning, TEXT("%s"), *Text);
		}
		else if (Event.kind == space::EventKind::disconnected)
		{
			UE_LOG(LogSpace, Log, TEXT("%s"), *Text);
		}
	}
}

void USpaceSubsystem::Deinitialize()
{
	Client.Reset();
	Super::Deinitialize();
}
