from nnspec.operators.definition import *
from nnspec.tensors import *
from nnspec.dims import *
class Linear(Operator):
    name = "linear"
    settings=(Setting("out_features","size"),Setting("bias","bool",True))
    def infer(self,use):
        return (use.x.with_shape((*use.x.shape[:-1],use["out_features"])),)
    def params(self,use):
        d={"weight":Param((use["out_features"],use.x.shape[-1]))}
        if use["bias"]: d["bias"]=Param((use["out_features"],))
        return d
    def macs(self,use,outs): return use.x.numel*use["out_features"]
    def module(self,use): return ModuleCode("nn.Linear",(use.x.shape[-1],use["out_features"]),{} if use["bias"] else {"bias":False})
class BN(Operator):
    name = "batch_norm2d"
    def infer(self,use): return (use.x,)
    def params(self,use):
        c=use.x.shape[1]
        return {"weight":Param((c,)),"bias":Param((c,)),"running_mean":Param((c,),trainable=False),"running_var":Param((c,),trainable=False),"num_batches_tracked":Param((),"i64",False)}
    def module(self,use): return ModuleCode("nn.BatchNorm2d",(use.x.shape[1],))
class Drop(Operator):
    name = "dropout"
    settings=(Setting("p","float",0.5),)
    def infer(self,use): return (use.x,)
    def module(self,use): return ModuleCode("nn.Dropout",(use["p"],))
class MP(Operator):
    name = "max_pool2d"
    settings=(Setting("kernel_size","int",REQUIRED,2),Setting("stride","int|none",None,2),Setting("padding","int",0,2))
    def infer(self,use):
        k=use.tuple("kernel_size",2); s=k if use["stride"] is None else use.tuple("stride",2); p=use.tuple("padding",2)
        sh=list(use.x.shape)
        for i in range(2):
            sh[2+i]=use.positive_output((sh[2+i]+2*p[i]-k[i])//s[i]+1,"h")
        return (use.x.with_shape(sh),)
    def module(self,use): return ModuleCode("nn.MaxPool2d",(use["kernel_size"],),{k:use[k] for k in ("stride","padding") if use[k]})
    def function(self,use): return CallCode("F.max_pool2d",(Ref(0),use["kernel_size"]),{k:use[k] for k in ("stride","padding") if use[k]})
class AAP(Operator):
    name = "adaptive_avg_pool2d"
    settings=(Setting("output_size","int",REQUIRED,2),)
    def infer(self,use): return (use.x.with_shape((*use.x.shape[:2],*use.tuple("output_size",2))),)
    def module(self,use): return ModuleCode("nn.AdaptiveAvgPool2d",(use["output_size"],))
    def function(self,use): return CallCode("F.adaptive_avg_pool2d",(Ref(0),use["output_size"]))
class Fl(Operator):
    name = "flatten"
    settings=(Setting("start_dim","int",1),Setting("end_dim","int",-1))
    def infer(self,use):
        n=1
        for d in use.x.shape[1:]: n=n*d
        return (use.x.with_shape((use.x.shape[0],n)),)
    def module(self,use): return ModuleCode("nn.Flatten")
    def function(self,use): return CallCode("torch.flatten",(Ref(0),1))
class CT(Operator):
    name = "conv_transpose2d"
    settings=(Setting("out_channels","size"),Setting("kernel_size","int",REQUIRED,2),Setting("stride","int",1,2))
    def infer(self,use):
        k=use.tuple("kernel_size",2);s=use.tuple("stride",2)
        return (use.x.with_shape((use.x.shape[0],use["out_channels"],*[(use.x.shape[2+i]-1)*s[i]+k[i] for i in range(2)])),)
    def params(self,use): return {"weight":Param((use.x.shape[1],use["out_channels"],*use.tuple("kernel_size",2))),"bias":Param((use["out_channels"],))}
    def module(self,use): return ModuleCode("nn.ConvTranspose2d",(use.x.shape[1],use["out_channels"],use["kernel_size"]),{"stride":use["stride"]})
class Cat(Operator):
    name = "concat"
    tensors=(Tensor("tensors",many=True),)
    settings=(Setting("dim","int",0),)
    def infer(self,use):
        d=use.dim("dim",use.x.rank); sh=list(use.x.shape)
        for t in use.inputs[1:]:
            for i in range(use.x.rank):
                if i!=d: use.equal(sh[i],t.shape[i],f"concat: dimension {i} is {sh[i]} and {t.shape[i]}",code="NN301")
            sh[d]=sh[d]+t.shape[d]
        return (use.x.with_shape(sh),)
    def function(self,use): return CallCode("torch.cat",([Ref(i) for i in range(len(use.inputs))],),{"dim":use["dim"]})
class El(Operator):
    tensors=(Tensor("input",scalar=True),Tensor("other",scalar=True))
    sign="+"
    def infer(self,use):
        ts=[t for t in use.inputs if t is not None]
        if len(ts)==1: return (ts[0],)
        sh=broadcast(ts[0].shape,ts[1].shape,lambda a,b,d: use.equal(a,b,f"dimension {d}",code="NN301"))
        return (TensorType(promote(ts[0].dtype,ts[1].dtype),sh),)
    def function(self,use):
        a=Ref(0) if use.inputs[0] else use["input"]; b=Ref(1) if use.inputs[1] else use["other"]
        return InfixCode(self.sign,a,b)
class Add(El):
    name = "add"
class Sub(El):
    name = "sub"
    sign="-"
class Mul(El):
    name = "mul"
    sign="*"
class Pow(El):
    name = "pow"
    sign="**"
class Mean(Operator):
    name = "mean"
    settings=(Setting("dim","int|none",None),)
    def infer(self,use): return (use.x.with_shape(() if use["dim"] is None else tuple(s for i,s in enumerate(use.x.shape) if i!=use.dim("dim",use.x.rank))),)
    def function(self,use): return CallCode("torch.mean",(Ref(0),),{"dim":use["dim"]})
from nnspec.operators.activation import Activation
class Gelu(Activation):
    name = "gelu"
    torch_class, torch_function = "nn.GELU", "F.gelu"
class Tanh(Activation):
    name = "tanh"
    torch_class, torch_function = "nn.Tanh", "torch.tanh"
