"""What a Core ML model's specification is made of: the messages and fields that kit reads, by their published numbers.

The format is Apple's and public; coremltools, which writes it, is made for some platforms only. Protocol buffers' own
reader decodes the bytes by what is declared here, on all of them. Fields that are not declared are passed over.
"""

from functools import cache
from typing import Any

# A message's fields: name, number, type. A star: several; {T}: a map of texts to T; no type: nothing in it is read.
# "name = a | b": one of them, which goes by that name.
_MODEL = {
    "Model": "specificationVersion 1 int32, description 2 ModelDescription, Type = pipelineClassifier 200 "
    "| pipelineRegressor 201 | pipeline 202 | glmRegressor 300 | supportVectorRegressor 301 "
    "| treeEnsembleRegressor 302 | neuralNetworkRegressor 303 | bayesianProbitRegressor 304 | glmClassifier 400 "
    "| supportVectorClassifier 401 | treeEnsembleClassifier 402 "
    "| neuralNetworkClassifier 403 NeuralNetworkClassifier | kNearestNeighborsClassifier 404 | neuralNetwork 500 "
    "| itemSimilarityRecommender 501 | mlProgram 502 Program | customModel 555 | linkedModel 556 "
    "| classConfidenceThresholding 560 | oneHotEncoder 600 | imputer 601 | featureVectorizer 602 "
    "| dictVectorizer 603 | scaler 604 | categoricalMapping 606 | normalizer 607 | arrayFeatureExtractor 609 "
    "| nonMaximumSuppression 610 | identity 900 | textClassifier 2000 | wordTagger 2001 | visionFeaturePrint 2002 "
    "| soundAnalysisPreprocessing 2003 | gazetteer 2004 | wordEmbedding 2005 | audioFeaturePrint 2006 "
    "| serializedModel 3000",
    "ModelDescription": "input 1 FeatureDescription*, output 10 FeatureDescription*, predictedFeatureName 11 string, "
    "predictedProbabilitiesName 12 string, metadata 100 Metadata",
    "Metadata": "shortDescription 1 string, versionString 2 string, author 3 string, license 4 string, "
    "userDefined 100 {string}",
    "FeatureDescription": "name 1 string, type 3 FeatureType",
    "FeatureType": "Type = int64Type 1 | doubleType 2 | stringType 3 | imageType 4 ImageFeatureType "
    "| multiArrayType 5 ArrayFeatureType | dictionaryType 6 | sequenceType 7 | stateType 8",
    "ImageFeatureType": "width 1 int64, height 2 int64, colorSpace 3 int32",
    "ArrayFeatureType": "shape 1 int64*, dataType 2 int32",
}
_PROGRAM = {  # the ML program
    "Program": "version 1 int64, functions 2 {Function}",
    "Function": "inputs 1 NamedValueType*, opset 2 string, block_specializations 3 {Block}",
    "Block": "outputs 2 string*, operations 3 Operation*",
    "Operation": "type 1 string, inputs 2 {Argument}, outputs 3 NamedValueType*, blocks 4 Nothing*, "
    "attributes 5 {Value}",
    "Argument": "arguments 1 Binding*",
    "Binding": "binding = name 1 string | value 2 Value",
    "NamedValueType": "name 1 string, type 2 ValueType",
    "ValueType": "type = tensorType 1 TensorType | listType 2 | tupleType 3 | dictionaryType 4 | stateType 5",
    "TensorType": "dataType 1 int32, rank 2 int64, dimensions 3 Dimension*",
    "Dimension": "dimension = constant 1 ConstantDimension | unknown 2",
    "ConstantDimension": "size 1 uint64",
    "Value": "type 2 ValueType, value = immediateValue 3 ImmediateValue | blobFileValue 5 BlobFileValue",
    "BlobFileValue": "fileName 1 string, offset 2 uint64",
    "ImmediateValue": "value = tensor 1 TensorValue | tuple 2 | list 3 ListValue | dictionary 4",
    "ListValue": "values 1 Value*",
    "TensorValue": "value = floats 1 Floats | ints 2 Ints | bools 3 Bools | strings 4 Strings "
    "| longInts 5 LongInts | doubles 6 Doubles | bytes 7 Bytes",
    "Floats": "values 1 float*",
    "Ints": "values 1 int32*",
    "Bools": "values 1 bool*",
    "Strings": "values 1 string*",
    "LongInts": "values 1 int64*",
    "Doubles": "values 1 double*",
    "Bytes": "values 1 bytes",
}
_NETWORK = {  # the older neural network
    "NeuralNetworkClassifier": "layers 1 NeuralNetworkLayer*, preprocessing 2 NeuralNetworkPreprocessing*, "
    "ClassLabels = stringClassLabels 100 StringVector | int64ClassLabels 101, labelProbabilityLayerName 200 string",
    "StringVector": "vector 1 string*",
    "NeuralNetworkPreprocessing": "featureName 1 string, preprocessor = scaler 10 NeuralNetworkImageScaler "
    "| meanImage 11",
    "NeuralNetworkImageScaler": "channelScale 10 float, grayBias 30 float",
    "NeuralNetworkLayer": "name 1 string, input 2 string*, output 3 string*, layer = convolution 100 Convolution "
    "| pooling 120 Pooling | activation 130 Activation | innerProduct 140 InnerProduct | embedding 150 "
    "| batchnorm 160 Batchnorm | mvn 165 MeanVariance | l2normalize 170 Epsilon | softmax 175 | lrn 180 Response "
    "| crop 190 Crop | padding 200 Padding | upsample 210 Upsample | resizeBilinear 211 ResizeBilinear "
    "| cropResize 212 | unary 220 Unary | add 230 Alpha | multiply 231 Alpha | average 240 | scale 245 Scale "
    "| bias 250 | max 260 | min 261 | dot 270 | reduce 280 | loadConstant 290 | reshape 300 | flatten 301 "
    "| permute 310 | concat 320 Concat | split 330 | sequenceRepeat 340 | reorganizeData 345 ReorganizeData "
    "| slice 350 Slice | simpleRecurrent 400 | gru 410 | uniDirectionalLSTM 420 | biDirectionalLSTM 430 | custom 500 "
    "| copy 600 | branch 605 | loop 615 | loopBreak 620 | loopContinue 625 | rangeStatic 635 | rangeDynamic 640 "
    "| clip 660 Clip | ceil 665 | floor 670 | sign 680 | round 685 | exp2 700 | sin 710 | cos 715 | tan 720 | asin 730 "
    "| acos 735 | atan 740 | sinh 750 | cosh 755 | tanh 760 | asinh 770 | acosh 775 | atanh 780 | erf 790 "
    "| gelu 795 Mode | equal 815 Alpha | notEqual 820 Alpha | lessThan 825 Bound | lessEqual 827 Bound "
    "| greaterThan 830 Bound | greaterEqual 832 Bound | logicalOr 840 | logicalXor 845 | logicalNot 850 "
    "| logicalAnd 855 | modBroadcastable 865 | minBroadcastable 870 | maxBroadcastable 875 | addBroadcastable 880 "
    "| powBroadcastable 885 | divideBroadcastable 890 | floorDivBroadcastable 895 | multiplyBroadcastable 900 "
    "| subtractBroadcastable 905 | tile 920 Tile | stack 925 Axis | gather 930 Axis | scatter 935 | gatherND 940 "
    "| scatterND 945 | softmaxND 950 Axis | gatherAlongAxis 952 Axis | scatterAlongAxis 954 | reverse 960 Reverse "
    "| reverseSeq 965 | splitND 975 SplitND | concatND 980 Axis | transpose 985 Transpose "
    "| sliceStatic 995 SliceStatic | sliceDynamic 1000 | slidingWindows 1005 SlidingWindows | topK 1015 TopK "
    "| argMin 1020 Best | argMax 1025 Best | embeddingND 1040 | batchedMatmul 1045 BatchedMatmul | getShape 1065 "
    "| loadConstantND 1070 LoadConstant "
    "| fillLike 1080 | fillStatic 1085 | fillDynamic 1090 | broadcastToLike 1100 | broadcastToStatic 1105 "
    "| broadcastToDynamic 1110 | squeeze 1120 Squeeze | expandDims 1125 Axes | flattenTo2D 1130 Axis "
    "| reshapeLike 1135 | reshapeStatic 1140 Reshape | reshapeDynamic 1145 | rankPreservingReshape 1150 "
    "| constantPad 1155 ConstantPad | randomNormalLike 1170 | randomNormalStatic 1175 | randomNormalDynamic 1180 "
    "| randomUniformLike 1190 | randomUniformStatic 1195 | randomUniformDynamic 1200 | randomBernoulliLike 1210 "
    "| randomBernoulliStatic 1215 | randomBernoulliDynamic 1220 | categoricalDistribution 1230 | reduceL1 1250 Reduce "
    "| reduceL2 1255 Reduce | reduceMax 1260 Reduce | reduceMin 1265 Reduce | reduceSum 1270 Reduce "
    "| reduceProd 1275 Reduce | reduceMean 1280 Reduce | reduceLogSum 1285 Reduce | reduceSumSquare 1290 Reduce "
    "| reduceLogSumExp 1295 Reduce | whereNonZero 1313 | matrixBandPart 1315 Band | lowerTriangular 1320 "
    "| upperTriangular 1325 | whereBroadcastable 1330 | layerNormalization 1350 LayerNormalization "
    "| NonMaximumSuppression 1400 | oneHot 1450 OneHot | cumSum 1455 CumSum | clampedReLU 1460 AlphaBeta "
    "| argSort 1461 ArgSort | pooling3d 1465 Pooling3D | globalPooling3d 1466 | sliceBySize 1470 "
    "| convolution3d 1471 Convolution3D",
    "WeightParams": "floatValue 1 float*, float16Value 2 bytes, rawValue 30 bytes, quantization 40 Quantization",
    "Quantization": "numberOfBits 1 uint64, QuantizationType = linearQuantization 101 LinearQuantization "
    "| lookupTableQuantization 102 TableQuantization",
    "LinearQuantization": "scale 1 float*, bias 2 float*",
    "TableQuantization": "floatValue 1 float*",
    "Convolution": "outputChannels 1 uint64, kernelChannels 2 uint64, nGroups 10 uint64, kernelSize 20 uint64*, "
    "stride 30 uint64*, dilationFactor 40 uint64*, ConvolutionPaddingType = valid 50 Valid | same 51 Same, "
    "isDeconvolution 60 bool, hasBias 70 bool, weights 90 WeightParams, bias 91 WeightParams, outputShape 100 uint64*",
    "Convolution3D": "outputChannels 1 int32, inputChannels 2 int32, nGroups 10 int32, kernelDepth 20 int32, "
    "kernelHeight 21 int32, kernelWidth 22 int32, strideDepth 31 int32, strideHeight 32 int32, strideWidth 33 int32, "
    "dilationDepth 40 int32, dilationHeight 41 int32, dilationWidth 42 int32, hasBias 50 bool, "
    "weights 60 WeightParams, bias 61 WeightParams, paddingType 70 int32, customPaddingFront 80 int32, "
    "customPaddingBack 81 int32, customPaddingTop 82 int32, customPaddingBottom 83 int32, customPaddingLeft 84 int32, "
    "customPaddingRight 85 int32, isDeconvolution 86 bool, outputShape 87 uint64*",
    "Pooling": "type 1 int32, kernelSize 10 uint64*, stride 20 uint64*, PoolingPaddingType = valid 30 Valid "
    "| same 31 Same | includeLastPixel 32, avgPoolExcludePadding 50 bool, globalPooling 60 bool",
    "Pooling3D": "type 1 int32, kernelDepth 2 int32, kernelHeight 3 int32, kernelWidth 4 int32, strideDepth 5 int32, "
    "strideHeight 6 int32, strideWidth 7 int32, customPaddingFront 8 int32, customPaddingBack 9 int32, "
    "customPaddingTop 10 int32, customPaddingBottom 11 int32, customPaddingLeft 12 int32, customPaddingRight 13 int32, "
    "countExcludePadding 14 bool, paddingType 15 int32",
    "Valid": "paddingAmounts 1 Borders",
    "Borders": "borderAmounts 10 Border*",
    "Border": "startEdgeSize 1 uint64, endEdgeSize 2 uint64",
    "Same": "asymmetryMode 1 int32",
    "Activation": "NonlinearityType = linear 5 AlphaBeta | ReLU 10 | leakyReLU 15 Alpha | thresholdedReLU 20 Alpha "
    "| PReLU 25 Slope | tanh 30 | scaledTanh 31 AlphaBeta | sigmoid 40 | sigmoidHard 41 AlphaBeta | ELU 50 Alpha "
    "| softsign 60 | softplus 70 | parametricSoftplus 71 Slopes",
    "Alpha": "alpha 1 float",
    "AlphaBeta": "alpha 1 float, beta 2 float",
    "Slope": "alpha 1 WeightParams",
    "Slopes": "alpha 1 WeightParams, beta 2 WeightParams",
    "InnerProduct": "inputChannels 1 uint64, outputChannels 2 uint64, hasBias 10 bool, weights 20 WeightParams, "
    "bias 21 WeightParams",
    "BatchedMatmul": "transposeA 1 bool, transposeB 2 bool, weightMatrixFirstDimension 5 uint64, "
    "weightMatrixSecondDimension 6 uint64, hasBias 7 bool, weights 8 WeightParams, bias 9 WeightParams",
    "Batchnorm": "channels 1 uint64, computeMeanVar 5 bool, instanceNormalization 6 bool, epsilon 10 float, "
    "gamma 15 WeightParams, beta 16 WeightParams, mean 17 WeightParams, variance 18 WeightParams",
    "LayerNormalization": "normalizedShape 1 int64*, eps 2 float, gamma 3 WeightParams, beta 4 WeightParams",
    "MeanVariance": "acrossChannels 1 bool, normalizeVariance 2 bool, epsilon 3 float",
    "Epsilon": "epsilon 1 float",
    "Response": "alpha 1 float, beta 2 float, localSize 3 uint64, k 4 float",
    "Unary": "type 1 int32, alpha 2 float, epsilon 3 float, shift 4 float, scale 5 float",
    "Scale": "shapeScale 1 uint64*, scale 2 WeightParams, hasBias 3 bool, shapeBias 4 uint64*, bias 5 WeightParams",
    "Clip": "minVal 1 float, maxVal 2 float",
    "Mode": "mode 1 int32",
    "Bound": "alpha 2 float",
    "Crop": "cropAmounts 1 Borders",
    "Padding": "PaddingType = constant 1 PaddingConstant | reflection 2 | replication 3, paddingAmounts 10 Borders",
    "PaddingConstant": "value 1 float",
    "ConstantPad": "value 1 float, padAmounts 2 uint64*, padToGivenOutputSizeMode 3 bool",
    "Upsample": "scalingFactor 1 uint64*, mode 5 int32, linearUpsampleMode 6 int32, fractionalScalingFactor 7 float*",
    "ResizeBilinear": "targetSize 1 uint64*, mode 2 SamplingMode",
    "SamplingMode": "samplingMethod 1 int32",
    "ReorganizeData": "mode 1 int32, blockSize 2 uint64",
    "Concat": "sequenceConcat 100 bool",
    "Slice": "startIndex 1 int64, endIndex 2 int64, stride 3 uint64, axis 4 int32",
    "SliceStatic": "beginIds 1 int64*, beginMasks 2 bool*, endIds 3 int64*, endMasks 4 bool*, strides 5 int64*, "
    "squeezeMasks 6 bool*",
    "SlidingWindows": "axis 1 int64, windowSize 2 uint64, step 3 uint64",
    "SplitND": "axis 1 int64, numSplits 2 uint64, splitSizes 3 uint64*",
    "Tile": "reps 1 uint64*",
    "Transpose": "axes 1 uint64*",
    "Reshape": "targetShape 1 int64*",
    "Axis": "axis 1 int64",
    "Axes": "axes 1 int64*",
    "Squeeze": "axes 1 int64*, squeezeAll 2 bool",
    "Reverse": "reverseDim 1 bool*",
    "Reduce": "axes 1 int64*, keepDims 2 bool, reduceAll 3 bool",
    "Best": "axis 1 int64, removeDim 2 bool",
    "TopK": "axis 1 int64, K 2 uint64, useBottomK 3 bool",
    "ArgSort": "axis 1 int64, descending 2 bool",
    "CumSum": "axis 1 int64, excludeFinalSum 2 bool, reverse 3 bool",
    "Band": "numLower 1 int64, numUpper 2 int64",
    "OneHot": "oneHotVectorSize 1 uint64, axis 2 int64, onValue 3 float, offValue 4 float",
    "LoadConstant": "shape 1 uint64*, data 2 WeightParams",
}
_NOTHING = "Nothing"  # the message of which nothing is read
_MESSAGES = {_NOTHING: "", **_MODEL, **_PROGRAM, **_NETWORK}
_PACKAGE = "kit.core_ml"


def message(name: str) -> Any:
    """The class of a message: `message("Model").FromString(content)` decodes one, or raises DecodeError."""
    from google.protobuf import message_factory

    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"{_PACKAGE}.{name}"))


@cache
def _pool() -> Any:
    """What is declared above, apart from what coremltools may have declared in the same process."""
    from google.protobuf import descriptor_pb2, descriptor_pool

    file = descriptor_pb2.FileDescriptorProto(name="kit/core_ml.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        declared = file.message_type.add(name=name)
        for entry in filter(None, fields.split(", ")):
            oneof, _, alternatives = entry.rpartition(" = ")
            if oneof:
                declared.oneof_decl.add(name=oneof)
            for field in alternatives.split(" | "):
                added = _declare(declared, *field.split())
                if oneof:
                    added.oneof_index = len(declared.oneof_decl) - 1
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


def _declare(declared: Any, name: str, number: str, kind: str = _NOTHING) -> Any:
    """Adds a field to the declaration of a message, and returns it."""
    field = declared.field.add(name=name, number=int(number), label=3 if kind[-1] in "*}" else 1)
    kind = kind.rstrip("*")
    if kind[0] == "{":  # on the wire a map is a list of entries of key and value
        entry = "".join(word.capitalize() for word in name.split("_")) if "_" in name else name[0].upper() + name[1:]
        entries = declared.nested_type.add(name=f"{entry}Entry")
        entries.options.map_entry = True
        _declare(entries, "key", "1", "string")
        _declare(entries, "value", "2", kind[1:-1])
        kind = f"{declared.name}.{entries.name}"
    if kind.partition(".")[0] in _MESSAGES:
        field.type, field.type_name = field.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
    else:
        field.type = getattr(field, f"TYPE_{kind.upper()}")
    return field
