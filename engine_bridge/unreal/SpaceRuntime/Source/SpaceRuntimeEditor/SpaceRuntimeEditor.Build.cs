// Not compiled in Unreal by its authors; see docs/unreal.md.
using UnrealBuildTool;

public class SpaceRuntimeEditor : ModuleRules
{
    public SpaceRuntimeEditor(ReadOnlyTargetRules Target) : base(Target)
    {
        PCHUsage = PCHUsageMode.UseExplicitOrSharedPCHs;
        PrivateDependencyModuleNames.AddRange(new string[] { "Core", "CoreUObject", "Engine", "UnrealEd", "SpaceRuntime" });
    }
}
