// Not compiled in Unreal by its authors; see docs/unreal.md.
using System.IO;
using UnrealBuildTool;

public class SpaceRuntime : ModuleRules
{
    public SpaceRuntime(ReadOnlyTargetRules Target) : base(Target)
    {
        // Private/space are the sources of engine_bridge/cpp/space. They include what they need, and know no engine.
        PCHUsage = PCHUsageMode.NoPCHs;
        bUseUnity = false;
        CppStandard = CppStandardVersion.Cpp20;
        FPSemantics = FPSemanticsMode.Precise; // numbers from outside are held against NaN
        PrivateIncludePaths.Add(Path.Combine(ModuleDirectory, "Private"));
        PublicDependencyModuleNames.AddRange(new string[] { "Core", "CoreUObject", "Engine", "LiveLinkInterface" });
        if (Target.Platform == UnrealTargetPlatform.Win64) PublicSystemLibraries.Add("ws2_32.lib");
    }
}
