//! `a || b` over texts, bounded. It is not `concat`, which skips nulls.

use super::growth::{Bound, Growth, check};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, Column};
use std::sync::Arc;

/// The operator as a function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ConcatOperator {
    signature: Signature,
    bound: Bound,
}

impl ConcatOperator {
    pub(super) fn new(bytes_max: usize) -> Self {
        let bound = Bound { growth: Growth::Sum, bytes_max };
        ConcatOperator { signature: Signature::any(2, Volatility::Immutable), bound }
    }

    /// The operator itself over two columns.
    fn operator() -> BinaryExpr {
        let column = |at: usize| Arc::new(Column::new(NAMES[at], at)) as Arc<dyn PhysicalExpr>;
        BinaryExpr::new(column(0), Operator::StringConcat, column(1))
    }

    fn schema(types: [&DataType; 2]) -> Schema {
        let [left, right] = types;
        Schema::new(vec![
            Field::new(NAMES[0], left.clone(), true),
            Field::new(NAMES[1], right.clone(), true),
        ])
    }
}

const NAMES: [&str; 2] = ["left", "right"];

impl ScalarUDFImpl for ConcatOperator {
    fn name(&self) -> &'static str {
        "||"
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        let names: Vec<String> = args.iter().map(|arg| arg.schema_name().to_string()).collect();
        Ok(names.join(" || "))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let [left, right] = types else { return exec_err!("|| takes two texts") };
        Self::operator().data_type(&Self::schema([left, right]))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|f| f.data_type().clone()).collect();
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), self.return_type(&types)?, nullable)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        check(self.bound, self.name(), &args.args, args.number_rows)?;
        let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let arrays = args.args.into_iter().map(|arg| arg.into_array(rows));
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        let [left, right] = &arrays[..] else { return exec_err!("|| takes two texts") };
        let schema = Self::schema([left.data_type(), right.data_type()]);
        let batch = RecordBatch::try_new(Arc::new(schema), arrays)?;
        let joined = Self::operator().evaluate(&batch)?.into_array(rows)?;
        if constant {
            let value = datafusion::common::ScalarValue::try_from_array(&joined, 0)?;
            return Ok(ColumnarValue::Scalar(value));
        }
        Ok(ColumnarValue::Array(joined))
    }
}
