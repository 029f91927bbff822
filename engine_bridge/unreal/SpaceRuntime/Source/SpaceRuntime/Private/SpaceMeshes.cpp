// Not compiled in Unreal by its authors; checked against its documentation and stand-in headers: docs/unreal.md.
#include "SpaceMeshes.h"

#include "Animation/MorphTarget.h"
#include "Components/SkeletalMeshComponent.h"
#include "Engine/SkeletalMesh.h"
#include "GameFramework/Actor.h"
#include "space/shape_matching.hpp"

int32 FSpaceMeshes::Bind(const AActor& Actor, const std::vector<std::string>& Blendshapes)
{
	Targets.Reset();
	TArray<USkeletalMeshComponent*> Meshes;
	Actor.GetComponents(Meshes);
	for (USkeletalMeshComponent* Mesh : Meshes) BindMesh(*Mesh, Blendshapes);
	return Targets.Num();
}

void FSpaceMeshes::BindMesh(USkeletalMeshComponent& Mesh, const std::vector<std::string>& Blendshapes)
{
	const USkeletalMesh* Asset = Mesh.GetSkeletalMeshAsset();
	if (!Asset) return;
	TArray<FName> Names;
	std::vector<std::string> Texts;
	for (const auto& Morph : Asset->GetMorphTargets())
	{
		Names.Add(Morph->GetFName());
		Texts.emplace_back(TCHAR_TO_UTF8(*Morph->GetName()));
	}
	const std::vector<int> Found = space::match_shapes(Blendshapes, Texts);
	for (std::size_t Place = 0; Place < Found.size(); ++Place)
	{
		if (Found[Place] >= 0) Targets.Add(FTarget{&Mesh, Names[Found[Place]], Place});
	}
}

void FSpaceMeshes::Set(const float* Weights)
{
	for (const FTarget& Target : Targets)
	{
		if (USkeletalMeshComponent* Mesh = Target.Mesh.Get()) Mesh->SetMorphTarget(Target.Name, Weights[Target.Place]);
	}
}
