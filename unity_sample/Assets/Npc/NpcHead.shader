// A head in its own light, so that it looks the same in every scene. The one pass names no LightMode: the Built-in pipeline
// draws it, and URP draws it as SRPDefaultUnlit. HDRP is not covered.
Shader "SPACE/Npc Head"
{
    Properties
    {
        [MainTexture] _MainTex ("Picture", 2D) = "white" {}
        [MainColor] _Color ("Colour", Color) = (1, 1, 1, 1)
        _Smoothness ("Smoothness", Range(0, 1)) = 0.4
        _Cutoff ("Alpha below which nothing is drawn", Range(0, 1)) = 0
        _Ambient ("Light from everywhere", Color) = (0.56, 0.56, 0.6, 1)
        _Key ("Light from the upper left of the viewer", Color) = (0.56, 0.53, 0.48, 1)
        [Enum(UnityEngine.Rendering.CullMode)] _Cull ("Cull", Float) = 2
        [Enum(UnityEngine.Rendering.BlendMode)] _SrcBlend ("Source factor", Float) = 1
        [Enum(UnityEngine.Rendering.BlendMode)] _DstBlend ("Target factor", Float) = 0
    }
    SubShader
    {
        Tags { "RenderType" = "Opaque" "Queue" = "Geometry" }
        Pass
        {
            Blend [_SrcBlend] [_DstBlend]
            Cull [_Cull]
            ZWrite On

            CGPROGRAM
            #pragma vertex vert
            #pragma fragment frag
            #pragma multi_compile_instancing
            #include "UnityCG.cginc"

            sampler2D _MainTex;
            float4 _MainTex_ST;
            half4 _Color;
            half4 _Ambient;
            half4 _Key;
            half _Smoothness;
            half _Cutoff;

            struct Corner
            {
                float4 place : POSITION;
                float3 normal : NORMAL;
                float2 uv : TEXCOORD0;
                UNITY_VERTEX_INPUT_INSTANCE_ID
            };

            struct Point
            {
                float4 clip : SV_POSITION;
                float2 uv : TEXCOORD0;
                float3 normal : TEXCOORD1;
                float3 view : TEXCOORD2;
                UNITY_VERTEX_OUTPUT_STEREO
            };

            // Normal and place in the frame of the camera: x right, y up, z towards the viewer.
            Point vert(Corner from)
            {
                Point to;
                UNITY_SETUP_INSTANCE_ID(from);
                UNITY_INITIALIZE_OUTPUT(Point, to);
                UNITY_INITIALIZE_VERTEX_OUTPUT_STEREO(to);
                to.clip = UnityObjectToClipPos(from.place);
                to.uv = TRANSFORM_TEX(from.uv, _MainTex);
                to.normal = mul((float3x3)UNITY_MATRIX_V, UnityObjectToWorldNormal(from.normal));
                to.view = UnityObjectToViewPos(from.place.xyz);
                return to;
            }

            half4 frag(Point at, fixed facing : VFACE) : SV_Target
            {
                half4 color = tex2D(_MainTex, at.uv) * _Color;
                clip(color.a - _Cutoff);
                float3 normal = normalize(at.normal) * (facing > 0 ? 1 : -1);
                float3 viewer = normalize(-at.view);
                float3 key = normalize(float3(-0.45, 0.55, 0.7));
                half lit = saturate((dot(normal, key) + 0.4) / 1.4);
                half edge = pow(1 - saturate(dot(normal, viewer)), 4);
                half shine = _Smoothness * _Smoothness;
                half glint = pow(saturate(dot(normal, normalize(key + viewer))), lerp(8, 240, shine)) * shine * 0.6;
                half3 light = _Ambient.rgb + _Key.rgb * (lit + 0.25 * edge);
                return half4(color.rgb * light + _Key.rgb * glint, color.a);
            }
            ENDCG
        }
    }
}
