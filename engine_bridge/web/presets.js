// Families of avatars by the names of their shapes: the ARKit shape that drives each, and how strongly.
//
// The same tables as RigPresets.cs of the Unity package; a test holds them together. A word is source=target*gain; # stands
// for Left and Right, % for L and R. Visemes and expression presets are few and coarse: their gains are a judgement, no
// measurement.

import { ARKIT_NAMES } from "./fields.js";

const TABLES = {
  reallusion: `
    browDown#=Brow_Drop_% browInnerUp=Brow_Raise_Inner_L browInnerUp=Brow_Raise_Inner_R
    browOuterUp#=Brow_Raise_Outer_% eyeBlink#=Eye_Blink_% eyeSquint#=Eye_Squint_% eyeWide#=Eye_Wide_%
    eyeLookUp#=Eye_%_Look_Up eyeLookDown#=Eye_%_Look_Down eyeLookInLeft=Eye_L_Look_R eyeLookOutLeft=Eye_L_Look_L
    eyeLookInRight=Eye_R_Look_L eyeLookOutRight=Eye_R_Look_R noseSneer#=Nose_Sneer_% cheekSquint#=Cheek_Raise_%
    cheekPuff=Cheek_Puff_L cheekPuff=Cheek_Puff_R jawOpen=Jaw_Open jawForward=Jaw_Forward jawLeft=Jaw_L
    jawRight=Jaw_R mouthSmile#=Mouth_Smile_% mouthFrown#=Mouth_Frown_% mouthStretch#=Mouth_Stretch_%
    mouthDimple#=Mouth_Dimple_% mouthPress#=Mouth_Press_% mouthPucker=Mouth_Pucker mouthPucker=Mouth_Pucker_Up_L
    mouthPucker=Mouth_Pucker_Up_R mouthPucker=Mouth_Pucker_Down_L mouthPucker=Mouth_Pucker_Down_R
    mouthFunnel=Mouth_Funnel mouthFunnel=Mouth_Funnel_Up_L mouthFunnel=Mouth_Funnel_Up_R
    mouthFunnel=Mouth_Funnel_Down_L mouthFunnel=Mouth_Funnel_Down_R mouthRollUpper=Mouth_Roll_In_Upper
    mouthRollUpper=Mouth_Roll_In_Upper_L mouthRollUpper=Mouth_Roll_In_Upper_R mouthRollLower=Mouth_Roll_In_Lower
    mouthRollLower=Mouth_Roll_In_Lower_L mouthRollLower=Mouth_Roll_In_Lower_R mouthShrugUpper=Mouth_Shrug_Upper
    mouthShrugLower=Mouth_Shrug_Lower mouthClose=Mouth_Close mouthLeft=Mouth_L mouthRight=Mouth_R
    mouthUpperUp#=Mouth_Up_Upper_% mouthLowerDown#=Mouth_Down_Lower_% tongueOut=Tongue_Out`,
  metahuman: `
    browDown#=CTRL_expressions_browDown% browInnerUp=CTRL_expressions_browRaiseInL
    browInnerUp=CTRL_expressions_browRaiseInR browOuterUp#=CTRL_expressions_browRaiseOuter%
    eyeBlink#=CTRL_expressions_eyeBlink% eyeSquint#=CTRL_expressions_eyeSquintInner%
    eyeWide#=CTRL_expressions_eyeWiden% eyeLookUp#=CTRL_expressions_eyeLookUp%
    eyeLookDown#=CTRL_expressions_eyeLookDown% eyeLookInLeft=CTRL_expressions_eyeLookRightL
    eyeLookOutLeft=CTRL_expressions_eyeLookLeftL eyeLookInRight=CTRL_expressions_eyeLookLeftR
    eyeLookOutRight=CTRL_expressions_eyeLookRightR noseSneer#=CTRL_expressions_noseWrinkle%
    cheekSquint#=CTRL_expressions_eyeCheekRaise% cheekPuff=CTRL_expressions_mouthCheekBlowL
    cheekPuff=CTRL_expressions_mouthCheekBlowR jawOpen=CTRL_expressions_jawOpen jawForward=CTRL_expressions_jawFwd
    jawLeft=CTRL_expressions_jawLeft jawRight=CTRL_expressions_jawRight
    mouthSmile#=CTRL_expressions_mouthCornerPull% mouthFrown#=CTRL_expressions_mouthCornerDepress%
    mouthStretch#=CTRL_expressions_mouthStretch% mouthDimple#=CTRL_expressions_mouthDimple%
    mouthPress#=CTRL_expressions_mouthPressU% mouthPress#=CTRL_expressions_mouthPressD%
    mouthPucker=CTRL_expressions_mouthLipsPurseUL mouthPucker=CTRL_expressions_mouthLipsPurseUR
    mouthPucker=CTRL_expressions_mouthLipsPurseDL mouthPucker=CTRL_expressions_mouthLipsPurseDR
    mouthFunnel=CTRL_expressions_mouthFunnelUL mouthFunnel=CTRL_expressions_mouthFunnelUR
    mouthFunnel=CTRL_expressions_mouthFunnelDL mouthFunnel=CTRL_expressions_mouthFunnelDR
    mouthClose=CTRL_expressions_mouthLipsTogetherUL mouthClose=CTRL_expressions_mouthLipsTogetherUR
    mouthClose=CTRL_expressions_mouthLipsTogetherDL mouthClose=CTRL_expressions_mouthLipsTogetherDR
    mouthRollUpper=CTRL_expressions_mouthUpperLipRollInL mouthRollUpper=CTRL_expressions_mouthUpperLipRollInR
    mouthRollLower=CTRL_expressions_mouthLowerLipRollInL mouthRollLower=CTRL_expressions_mouthLowerLipRollInR
    mouthShrugLower=CTRL_expressions_jawChinRaiseDL mouthShrugLower=CTRL_expressions_jawChinRaiseDR
    mouthShrugUpper=CTRL_expressions_jawChinRaiseUL mouthShrugUpper=CTRL_expressions_jawChinRaiseUR
    mouthLeft=CTRL_expressions_mouthLeft mouthRight=CTRL_expressions_mouthRight
    mouthUpperUp#=CTRL_expressions_mouthUpperLipRaise% mouthLowerDown#=CTRL_expressions_mouthLowerLipDepress%
    tongueOut=CTRL_expressions_tongueOut`,
  oculus: `
    jawOpen=viseme_aa*1.3 mouthClose=viseme_aa*-1.3 mouthFunnel=viseme_O*1.2 mouthPucker=viseme_U
    mouthStretch#=viseme_E*0.6 mouthSmile#=viseme_I*0.4 mouthRollLower=viseme_FF*0.8 mouthRollUpper=viseme_PP*0.8
    mouthClose=viseme_PP*0.8 mouthShrugUpper=viseme_CH*0.5 mouthLowerDown#=viseme_SS*0.3 eyeBlink#=eyeBlink#
    browInnerUp=browInnerUp browDown#=browDown# browOuterUp#=browOuterUp#`,
  vrm0: `
    jawOpen=A*1.3 mouthClose=A*-1.3 mouthFunnel=O*1.2 mouthPucker=U mouthStretch#=I*0.5 mouthUpperUp#=E*0.4
    eyeBlink#=Blink_% mouthSmile#=Joy*0.4 mouthFrown#=Sorrow*0.5 browDown#=Angry*0.5 jawOpen=Fcl_MTH_A*1.3
    mouthClose=Fcl_MTH_A*-1.3 mouthFunnel=Fcl_MTH_O*1.2 mouthPucker=Fcl_MTH_U mouthStretch#=Fcl_MTH_I*0.5
    mouthUpperUp#=Fcl_MTH_E*0.4 eyeBlink#=Fcl_EYE_Close_% mouthSmile#=Fcl_ALL_Joy*0.4
    mouthFrown#=Fcl_ALL_Sorrow*0.5 browDown#=Fcl_ALL_Angry*0.5`,
  vrm1: `
    jawOpen=aa*1.3 mouthClose=aa*-1.3 mouthFunnel=oh*1.2 mouthPucker=ou mouthStretch#=ih*0.5 mouthUpperUp#=ee*0.4
    eyeBlink#=blink# mouthSmile#=happy*0.4 mouthFrown#=sad*0.5 browDown#=angry*0.5 eyeWide#=surprised*0.5
    eyeLookUp#=lookUp*0.5 eyeLookDown#=lookDown*0.5 eyeLookOutLeft=lookLeft*0.5 eyeLookInRight=lookLeft*0.5
    eyeLookOutRight=lookRight*0.5 eyeLookInLeft=lookRight*0.5`,
};

/** Names of the presets; the first of those that fit equally well is chosen. */
export const PRESETS = Object.freeze(["arkit", ...Object.keys(TABLES)]);

/**
 * Which ARKit shape drives which of a rig, as min…max of gain times weight; rows of one target are added up.
 * @typedef {{ source: string, target: string, gain: number, min: number, max: number }} RigRow
 */

/**
 * Return the rows of a preset.
 * @param {string} preset One of PRESETS.
 * @returns {RigRow[]}
 */
export function presetRows(preset) {
  if (preset === "arkit") return ARKIT_NAMES.map((name) => row(name, name));
  if (!TABLES[preset]) throw new RangeError(`${preset} is no preset of rigs; there are ${PRESETS.join(", ")}`);
  return TABLES[preset].trim().split(/\s+/).flatMap(rowsOf);
}

function rowsOf(word) {
  const sides = word.includes("#") ? [["Left", "L"], ["Right", "R"]] : [["", ""]];
  return sides.map(([long, short]) => {
    const [source, target, gain] = word.replaceAll("#", long).replaceAll("%", short).split(/[=*]/);
    return row(source, target, gain === undefined ? 1 : Number(gain));
  });
}

function row(source, target, gain = 1) {
  return { source, target, gain, min: gain < 0 ? -1 : 0, max: 1 };
}
