// Not compiled in Unreal by its authors; checked against its documentation and stand-in headers: docs/unreal.md.
#pragma once

#include "CoreMinimal.h"
#include "UObject/WeakObjectPtrTemplates.h"

#include <string>
#include <vector>

class AActor;
class USkeletalMeshComponent;

/** The morph targets of an actor's meshes that weights drive. */
class FSpaceMeshes
{
public:
	/** Finds them by name (docs/unreal.md). Returns how many there are. */
	int32 Bind(const AActor& Actor, const std::vector<std::string>& Blendshapes);

	/** Sets them, weights 0 to 1. Meshes that are gone are passed over. */
	void Set(const float* Weights);

private:
	struct FTarget
	{
		TWeakObjectPtr<USkeletalMeshComponent> Mesh;
		FName Name;
		std::size_t Place = 0;
	};

	void BindMesh(USkeletalMeshComponent& Mesh, const std::vector<std::string>& Blendshapes);

	TArray<FTarget> Targets;
};
