using System;
using System.Collections.Generic;
using System.Globalization;

namespace SpaceRuntime
{
    /// <summary>Families of avatars, by the names of their blend shapes.</summary>
    public enum RigPreset
    {
        /// <summary>The one of these that fits the meshes best.</summary>
        Automatic,

        /// <summary>ARKit's 52 names, in any spelling: also Ready Player Me, "Perfect Sync" VRM, Live Link.</summary>
        Arkit,

        /// <summary>Reallusion Character Creator 3+ and 4, ActorCore.</summary>
        Reallusion,

        /// <summary>MetaHuman's control curves.</summary>
        MetaHuman,

        /// <summary>Oculus' fifteen visemes; lids and brows where they have ARKit's names.</summary>
        OculusVisemes,

        /// <summary>Expression presets of VRM 0.</summary>
        Vrm0,

        /// <summary>Expression presets of VRM 1.</summary>
        Vrm1,
    }

    /// <summary>
    /// The rows of each preset. A line is <c>source=target·gain</c>; <c>#</c> stands for Left and Right, <c>%</c> for L and R.
    /// Visemes and expression presets are few and coarse: their gains are a judgement, no measurement.
    /// </summary>
    public static class RigPresets
    {
        /// <summary>Those that <see cref="RigPreset.Automatic"/> chooses from; the first of equals wins.</summary>
        public static readonly RigPreset[] All =
        {
            RigPreset.Arkit, RigPreset.Reallusion, RigPreset.MetaHuman, RigPreset.OculusVisemes,
            RigPreset.Vrm0, RigPreset.Vrm1,
        };

        /// <summary>Returns new rows of a preset, which the caller may change.</summary>
        public static List<RigRow> Rows(RigPreset preset)
        {
            var rows = new List<RigRow>();
            if (preset == RigPreset.Arkit || preset == RigPreset.Automatic)
                foreach (string name in ArkitShapes.Names) rows.Add(new RigRow(name, name));
            else
                foreach (string line in Tables[preset].Split(new[] { ' ', '\n', '\r' }, StringSplitOptions.RemoveEmptyEntries))
                    AddSides(rows, line);
            return rows;
        }

        /// <summary>Returns the preset most of whose targets are among the names; Arkit where none has any.</summary>
        public static RigPreset Best(string[] names)
        {
            RigPreset best = RigPreset.Arkit;
            int most = 0;
            foreach (RigPreset preset in All)
            {
                int count = Matched(preset, names);
                if (count <= most) continue;
                most = count;
                best = preset;
            }
            return best;
        }

        private static int Matched(RigPreset preset, string[] names)
        {
            string[] targets = new RigMixer(Rows(preset)).Targets;
            return Array.FindAll(ShapeMatching.Match(targets, names), at => at >= 0).Length;
        }

        private static void AddSides(List<RigRow> rows, string line)
        {
            if (line.IndexOf('#') < 0)
            {
                rows.Add(Row(line));
                return;
            }
            rows.Add(Row(line.Replace("#", "Left").Replace("%", "L")));
            rows.Add(Row(line.Replace("#", "Right").Replace("%", "R")));
        }

        private static RigRow Row(string line)
        {
            string[] sides = line.Split('=');
            string[] target = sides[1].Split('*');
            float gain = target.Length > 1 ? float.Parse(target[1], CultureInfo.InvariantCulture) : 1;
            return new RigRow(sides[0], target[0], gain) { Min = gain < 0 ? -1 : 0 };
        }

        private static readonly Dictionary<RigPreset, string> Tables = new Dictionary<RigPreset, string>
        {
            [RigPreset.Reallusion] = @"
                browDown#=Brow_Drop_% browInnerUp=Brow_Raise_Inner_L browInnerUp=Brow_Raise_Inner_R
                browOuterUp#=Brow_Raise_Outer_% eyeBlink#=Eye_Blink_% eyeSquint#=Eye_Squint_% eyeWide#=Eye_Wide_%
                eyeLookUp#=Eye_%_Look_Up eyeLookDown#=Eye_%_Look_Down eyeLookInLeft=Eye_L_Look_R
                eyeLookOutLeft=Eye_L_Look_L eyeLookInRight=Eye_R_Look_L eyeLookOutRight=Eye_R_Look_R
                noseSneer#=Nose_Sneer_% cheekSquint#=Cheek_Raise_% cheekPuff=Cheek_Puff_L cheekPuff=Cheek_Puff_R
                jawOpen=Jaw_Open jawForward=Jaw_Forward jawLeft=Jaw_L jawRight=Jaw_R mouthSmile#=Mouth_Smile_%
                mouthFrown#=Mouth_Frown_% mouthStretch#=Mouth_Stretch_% mouthDimple#=Mouth_Dimple_%
                mouthPress#=Mouth_Press_% mouthPucker=Mouth_Pucker mouthPucker=Mouth_Pucker_Up_L
                mouthPucker=Mouth_Pucker_Up_R mouthPucker=Mouth_Pucker_Down_L mouthPucker=Mouth_Pucker_Down_R
                mouthFunnel=Mouth_Funnel mouthFunnel=Mouth_Funnel_Up_L mouthFunnel=Mouth_Funnel_Up_R
                mouthFunnel=Mouth_Funnel_Down_L mouthFunnel=Mouth_Funnel_Down_R mouthRollUpper=Mouth_Roll_In_Upper
                mouthRollUpper=Mouth_Roll_In_Upper_L mouthRollUpper=Mouth_Roll_In_Upper_R
                mouthRollLower=Mouth_Roll_In_Lower mouthRollLower=Mouth_Roll_In_Lower_L
                mouthRollLower=Mouth_Roll_In_Lower_R mouthShrugUpper=Mouth_Shrug_Upper mouthShrugLower=Mouth_Shrug_Lower
                mouthClose=Mouth_Close mouthLeft=Mouth_L mouthRight=Mouth_R mouthUpperUp#=Mouth_Up_Upper_%
                mouthLowerDown#=Mouth_Down_Lower_% tongueOut=Tongue_Out",
            [RigPreset.MetaHuman] = @"
                browDown#=CTRL_expressions_browDown% browInnerUp=CTRL_expressions_browRaiseInL
                browInnerUp=CTRL_expressions_browRaiseInR browOuterUp#=CTRL_expressions_browRaiseOuter%
                eyeBlink#=CTRL_expressions_eyeBlink% eyeSquint#=CTRL_expressions_eyeSquintInner%
                eyeWide#=CTRL_expressions_eyeWiden% eyeLookUp#=CTRL_expressions_eyeLookUp%
                eyeLookDown#=CTRL_expressions_eyeLookDown% eyeLookInLeft=CTRL_expressions_eyeLookRightL
                eyeLookOutLeft=CTRL_expressions_eyeLookLeftL eyeLookInRight=CTRL_expressions_eyeLookLeftR
                eyeLookOutRight=CTRL_expressions_eyeLookRightR noseSneer#=CTRL_expressions_noseWrinkle%
                cheekSquint#=CTRL_expressions_eyeCheekRaise% cheekPuff=CTRL_expressions_mouthCheekBlowL
                cheekPuff=CTRL_expressions_mouthCheekBlowR jawOpen=CTRL_expressions_jawOpen
                jawForward=CTRL_expressions_jawFwd jawLeft=CTRL_expressions_jawLeft jawRight=CTRL_expressions_jawRight
                mouthSmile#=CTRL_expressions_mouthCornerPull% mouthFrown#=CTRL_expressions_mouthCornerDepress%
                mouthStretch#=CTRL_expressions_mouthStretch% mouthDimple#=CTRL_expressions_mouthDimple%
                mouthPress#=CTRL_expressions_mouthPressU% mouthPress#=CTRL_expressions_mouthPressD%
                mouthPucker=CTRL_expressions_mouthLipsPurseUL mouthPucker=CTRL_expressions_mouthLipsPurseUR
                mouthPucker=CTRL_expressions_mouthLipsPurseDL mouthPucker=CTRL_expressions_mouthLipsPurseDR
                mouthFunnel=CTRL_expressions_mouthFunnelUL mouthFunnel=CTRL_expressions_mouthFunnelUR
                mouthFunnel=CTRL_expressions_mouthFunnelDL mouthFunnel=CTRL_expressions_mouthFunnelDR
                mouthClose=CTRL_expressions_mouthLipsTogetherUL mouthClose=CTRL_expressions_mouthLipsTogetherUR
                mouthClose=CTRL_expressions_mouthLipsTogetherDL mouthClose=CTRL_expressions_mouthLipsTogetherDR
                mouthRollUpper=CTRL_expressions_mouthUpperLipRollInL
                mouthRollUpper=CTRL_expressions_mouthUpperLipRollInR
                mouthRollLower=CTRL_expressions_mouthLowerLipRollInL
                mouthRollLower=CTRL_expressions_mouthLowerLipRollInR mouthShrugLower=CTRL_expressions_jawChinRaiseDL
                mouthShrugLower=CTRL_expressions_jawChinRaiseDR mouthShrugUpper=CTRL_expressions_jawChinRaiseUL
                mouthShrugUpper=CTRL_expressions_jawChinRaiseUR mouthLeft=CTRL_expressions_mouthLeft
                mouthRight=CTRL_expressions_mouthRight mouthUpperUp#=CTRL_expressions_mouthUpperLipRaise%
                mouthLowerDown#=CTRL_expressions_mouthLowerLipDepress% tongueOut=CTRL_expressions_tongueOut",
            [RigPreset.OculusVisemes] = @"
                jawOpen=viseme_aa*1.3 mouthClose=viseme_aa*-1.3 mouthFunnel=viseme_O*1.2 mouthPucker=viseme_U
                mouthStretch#=viseme_E*0.6 mouthSmile#=viseme_I*0.4 mouthRollLower=viseme_FF*0.8
                mouthRollUpper=viseme_PP*0.8 mouthClose=viseme_PP*0.8 mouthShrugUpper=viseme_CH*0.5
                mouthLowerDown#=viseme_SS*0.3 eyeBlink#=eyeBlink# browInnerUp=browInnerUp browDown#=browDown#
                browOuterUp#=browOuterUp#",
            [RigPreset.Vrm0] = @"
                jawOpen=A*1.3 mouthClose=A*-1.3 mouthFunnel=O*1.2 mouthPucker=U mouthStretch#=I*0.5 mouthUpperUp#=E*0.4
                eyeBlink#=Blink_% mouthSmile#=Joy*0.4 mouthFrown#=Sorrow*0.5 browDown#=Angry*0.5 jawOpen=Fcl_MTH_A*1.3
                mouthClose=Fcl_MTH_A*-1.3 mouthFunnel=Fcl_MTH_O*1.2 mouthPucker=Fcl_MTH_U mouthStretch#=Fcl_MTH_I*0.5
                mouthUpperUp#=Fcl_MTH_E*0.4 eyeBlink#=Fcl_EYE_Close_% mouthSmile#=Fcl_ALL_Joy*0.4
                mouthFrown#=Fcl_ALL_Sorrow*0.5 browDown#=Fcl_ALL_Angry*0.5",
            [RigPreset.Vrm1] = @"
                jawOpen=aa*1.3 mouthClose=aa*-1.3 mouthFunnel=oh*1.2 mouthPucker=ou mouthStretch#=ih*0.5
                mouthUpperUp#=ee*0.4 eyeBlink#=blink# mouthSmile#=happy*0.4 mouthFrown#=sad*0.5 browDown#=angry*0.5
                eyeWide#=surprised*0.5 eyeLookUp#=lookUp*0.5 eyeLookDown#=lookDown*0.5 eyeLookOutLeft=lookLeft*0.5
                eyeLookInRight=lookLeft*0.5 eyeLookOutRight=lookRight*0.5 eyeLookInLeft=lookRight*0.5",
        };
    }
}
