// Not compiled in Unreal by its authors; checked against its documentation and stand-in headers: docs/unreal.md.
#pragma once

#include "CoreMinimal.h"
#include "Subsystems/GameInstanceSubsystem.h"

#include "SpaceSubsystem.generated.h"

namespace space
{
class Client;
}

DECLARE_LOG_CATEGORY_EXTERN(LogSpace, Log, All);

/** The connection to a SPACE server (space-runtime serve): one for the whole game, made when it is first needed. */
UCLASS()
class SPACERUNTIME_API USpaceSubsystem : public UGameInstanceSubsystem
{
	GENERATED_BODY()

public:
	/** Chooses the server: "tcp://127.0.0.1:5570". Lines that run are cut off. False if the address cannot be. */
	UFUNCTION(BlueprintCallable, Category = "SPACE")
	bool Connect(const FString& Endpoint, bool bAllowRemote, FString& Problem);

	UFUNCTION(BlueprintPure, Category = "SPACE")
	bool IsConnected() const;

	/** The reason why there is no connection; empty while there is one. */
	UFUNCTION(BlueprintPure, Category = "SPACE")
	FString GetProblem() const;

	/** The client, which connects in the background; null if it cannot be made. */
	TSharedPtr<space::Client> GetClient();

	/** Writes what the server has said to the log. */
	void LogEvents();

	virtual void Deinitialize() override;

private:
	TSharedPtr<space::Client> Client;
};
